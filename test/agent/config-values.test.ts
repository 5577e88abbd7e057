import { expect, test } from 'vitest';
import { isLoopback, parseCanary, parseListen } from '../../src/agent/config-values.js';

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

test.each(['/canary', '/system.slice/canary.service', `/${'x'.repeat(255)}`])('%s is a path of a cgroup', (path) => {
  expect(parseCanary(path)).toBe(path);
});

test.each([
  ['canary', 'no path of a cgroup'],
  ['/../canary', 'no path of a cgroup'],
  [`/canary/${'x'.repeat(256)}`, 'at most 255 bytes, and one has 256'],
  [`/${'é'.repeat(128)}`, 'at most 255 bytes, and one has 256'],
  ['/can\0ary', 'NUL'],
  ['/canary'.repeat(600), 'at most 3840 bytes; this one has 4200'],
])('what could be no cgroup is said at once: %j', (path, why) => {
  expect(() => parseCanary(path)).toThrow(RangeError);
  expect(() => parseCanary(path)).toThrow(why);
});
