import { describe, expect, test } from 'vitest';
import { type CgroupFiles, CgroupPaths, unifiedMount, unifiedPath } from '../../src/events/cgroups.js';
import { limits } from '../../src/events/limits.js';

/** A tree of cgroups by path, and the processes in it. Counts what was asked. */
function host(tree: Record<string, bigint>, members: Record<number, string> = {}) {
  const asked = { children: 0, ids: 0 };
  const path = (directory: string) => directory.replace('/cg', '') || '/';
  const files: CgroupFiles = {
    root: () => '/cg',
    membership: (pid) => members[pid],
    idOf: (directory) => {
      asked.ids++;
      return tree[path(directory)];
    },
    children: (directory) => {
      asked.children++;
      const prefix = path(directory) === '/' ? '/' : `${path(directory)}/`;
      return Object.keys(tree)
        .filter((name) => name !== '/' && name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
        .map((name) => name.slice(prefix.length));
    },
  };
  return { files, asked };
}

const tree = { '/': 1n, '/a': 10n, '/a/b': 20n, '/c': 30n };

describe('the path of a cgroup', () => {
  test('the process itself is asked first, and the tree is not searched', () => {
    const { files, asked } = host(tree, { 5: '1:name=systemd:/x\n0::/a/b\n' });
    expect(new CgroupPaths(files).path(20n, [5])).toBe('/a/b');
    expect(asked.children).toBe(0);
  });

  test('what a process says counts only when the id fits: a pid may have been reused', () => {
    const { files } = host(tree, { 5: '0::/c\n', 6: '0::/a\n' });
    expect(new CgroupPaths(files).path(10n, [5, 6])).toBe('/a');
  });

  test('without a process the tree is searched, and the answer remembered', () => {
    const { files, asked } = host(tree);
    const paths = new CgroupPaths(files);
    expect(paths.path(20n, [])).toBe('/a/b');
    const before = asked.children;
    expect(paths.path(20n, [])).toBe('/a/b');
    expect(paths.path(10n, [])).toBe('/a');
    expect(asked.children).toBe(before);
  });

  test('a cgroup that is gone is searched for once a pause, not at every event', () => {
    const { files, asked } = host(tree);
    let now = 0;
    const paths = new CgroupPaths(files, () => now);
    expect(paths.path(77n, [])).toBeUndefined();
    const once = asked.children;
    expect(paths.path(78n, [])).toBeUndefined();
    expect(asked.children).toBe(once);
    now += limits.cgroupScanPause.value;
    expect(paths.path(77n, [])).toBeUndefined();
    expect(asked.children).toBeGreaterThan(once);
  });

  test('a search ends at its limit', () => {
    const wide: Record<string, bigint> = { '/': 1n };
    const { files, asked } = host(wide);
    const endless = {
      ...files,
      children: () => ['x', 'y'],
      idOf: () => {
        asked.ids++;
        return 5n;
      },
    };
    expect(new CgroupPaths(endless).path(6n, [])).toBeUndefined();
    expect(asked.ids).toBe(limits.cgroupScan.value);
  });

  test('no default hierarchy, no path', () => {
    const { files } = host(tree, { 5: '0::/a\n' });
    expect(new CgroupPaths({ ...files, root: () => undefined }).path(10n, [5])).toBeUndefined();
  });
});

describe('texts of /proc', () => {
  test('the line of the default hierarchy', () => {
    expect(unifiedPath('12:cpu:/v1\n0::/user.slice/a:b\n')).toBe('/user.slice/a:b');
    expect(unifiedPath('12:cpu:/v1\n')).toBeUndefined();
    expect(unifiedPath('0::/gone (deleted)\n')).toBeUndefined();
  });

  test('the mount of the default hierarchy', () => {
    expect(
      unifiedMount('cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n'),
    ).toBe('/sys/fs/cgroup/unified');
    expect(unifiedMount('proc /proc proc rw 0 0\n')).toBeUndefined();
  });
});
