import { expect, test } from 'vitest';
import { satisfies } from '../../src/policy/version.js';

test.each([
  ['', true],
  ['>= 7.71', true],
  ['>=7.65 <7.70', false],
  ['>=7.65, <7.83', true],
  ['< 7.82', false],
  ['<= 7.82', true],
  ['> 7.82', false],
  ['> 7.81', true],
  ['7.82', true],
  ['= 7.82.1', false],
  ['!= 7.82', false],
  ['7.x', true],
  ['*', true],
  ['~7.82.0', true],
  ['~7.81', false],
  ['~7', true],
  ['^7.40', true],
  ['^6.1', false],
  ['7.50 - 7.90', true],
  ['7.50 - 7.81', false],
  ['< 7.0 || >= 7.80', true],
  ['>= 7.83.0-rc.1', false],
  ['>7', false],
])('7.82.0 %s is %s', (constraint, holds) => {
  expect(satisfies('7.82.0', constraint)).toBe(holds);
});

test.each([
  ['^0.3.1', '0.3.9', true],
  ['^0.3.1', '0.4.0', false],
  ['^0.0.3', '0.0.4', false],
  ['~0.3.1', '0.3.0', false],
])('%s and %s: %s', (constraint, version, holds) => {
  expect(satisfies(version, constraint)).toBe(holds);
});

test.each(['>=', 'seven', '>= 7.71 or so', '7.1.2.3', '||', `>= ${'7'.repeat(300)}`])('refuses %j', (constraint) => {
  expect(satisfies('7.82.0', constraint)).toBeUndefined();
});
