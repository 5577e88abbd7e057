import { expect, test } from 'vitest';
import { anyLinux, type HostFacts } from '../../src/policy/host.js';
import { evaluateHostFilter, HostFilterError } from '../../src/policy/host-filter.js';
import { parse } from '../../src/secl/index.js';

const host: HostFacts = {
  ...anyLinux,
  kernel: { major: 6, minor: 1, patch: 0, abi: 18, flavor: 'cloud-amd64' },
  release: { id: 'debian', platformId: '', versionId: '12' },
  envs: ['TIER=edge', 'HOME=/root'],
};

test.each([
  ['os == "linux"', true],
  ['os != "windows"', true],
  ['os == "windows"', false],
  ['"linux" == os', true],
  ['os in ["linux", "darwin"]', true],
  ['os not in ["linux"]', false],
  ['kernel.version.major == 6 && kernel.version.minor >= 1', true],
  ['kernel.version.major > 6 || kernel.version.major < 6', false],
  ['kernel.version.flavor =~ "cloud-*"', true],
  ['kernel.version.flavor == ~"*-arm64"', false],
  ['kernel.version.flavor =~ "*cloud*amd*"', true],
  ['kernel.version.flavor =~ "cloud*cloud-amd64"', false],
  ['os.is_debian', true],
  ['!os.is_rhel', true],
  ['os.is_debian == true', true],
  ['envs == "TIER=edge"', true],
  ['envs == ~"TIER=*"', true],
  ['envs != "HOME=/root"', false],
  ['(os == "windows" || os == "linux") && kernel.core.enabled', true],
  // One precedence level, from the right: true || (false && false).
  ['os == "linux" || os == "windows" && os == "windows"', true],
])('%s is %s', (filter, holds) => {
  expect(evaluateHostFilter(parse(filter), host)).toBe(holds);
});

test.each([
  ['os.name == "linux"', 'os.name'],
  ['os == 5', 'os'],
  ['kernel.version.flavor > 5', 'kernel.version.flavor > 5'],
  ['os', 'os'],
  ['os == r"linux"', 'r"linux"'],
  ['os == "linux" || nonsense', 'nonsense'],
  ['os in SOMETHING', 'os in SOMETHING'],
])('%s is refused at %s', (filter, place) => {
  try {
    evaluateHostFilter(parse(filter), host);
    expect.fail('accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(HostFilterError);
    const { start, end } = error as HostFilterError;
    expect(filter.slice(start, end)).toBe(place);
  }
});
