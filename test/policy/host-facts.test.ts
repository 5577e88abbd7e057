import { expect, test } from 'vitest';
import { parseKernelRelease, parseOsRelease } from '../../src/policy/host-facts.js';

test.each([
  ['6.1.0-18-cloud-amd64', { major: 6, minor: 1, patch: 0, abi: 18, flavor: 'cloud-amd64' }],
  ['5.15.0-1051-aws', { major: 5, minor: 15, patch: 0, abi: 1051, flavor: 'aws' }],
  ['6.12.57+deb13-amd64', { major: 6, minor: 12, patch: 57, abi: 0, flavor: '' }],
  ['4.18', { major: 4, minor: 18, patch: 0, abi: 0, flavor: '' }],
  ['', { major: 0, minor: 0, patch: 0, abi: 0, flavor: '' }],
])('%s', (text, version) => {
  expect(parseKernelRelease(text)).toEqual(version);
});

test('os-release with and without quotes', () => {
  const variables = parseOsRelease('ID=debian\nVERSION_ID="12"\n# comment\nPLATFORM_ID=\'platform:el9\'\n');
  expect(variables.get('ID')).toBe('debian');
  expect(variables.get('VERSION_ID')).toBe('12');
  expect(variables.get('PLATFORM_ID')).toBe('platform:el9');
});
