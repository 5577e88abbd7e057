import { expect, test } from 'vitest';
import { rootDomain } from '../../src/secl/root-domain.js';

test.each([
  ['www.example.com', 'example.com'],
  ['example.com', 'example.com'],
  ['a.b.example.co.uk.', 'example.co.uk'],
  ['co.uk', 'co.uk'],
  ['localhost', 'localhost'],
  ['10.0.0.1', '10.0.0.1'],
  ['a..b', 'a..b'],
  ['', ''],
])('%j is registered as %j', (name, expected) => {
  expect(rootDomain(name)).toBe(expected);
});
