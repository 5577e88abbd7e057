import { expect, test } from 'vitest';
import { isLoopback, parseListen } from '../../src/agent/config-values.js';

test.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['9477', { host: '127.0.0.1', port: 9477 }],
  ['0.0.0.0:9477', { host: '0.0.0.0', port: 9477 }],
])('%s is an address', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test('what is loopback', () => {
  expect(['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1'].map(parseListen).every(isLoopback)).toBe(true);
  expect(['0.0.0.0:1', '[::]:1', '10.0.0.1:1'].map(parseListen).some(isLoopback)).toBe(false);
});
