/** Where the agent and its pins are on this host, as self-protection wants to know it: the unit, the mounts, the directories. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SelfFile, SelfPlaces } from '../kernel/self-protection-state.js';

/** As the kernel programs have room for. */
const levels = 4;

/**
 * Names of the control groups of the unit in which process 1 started this process, the innermost first; undefined: it was started in another
 * way. `cgroup`: the text of /proc/self/cgroup.
 */
export function unitOf(cgroup: string, ppid: number, environment: NodeJS.ProcessEnv): readonly string[] | undefined {
  if (ppid !== 1 || environment.INVOCATION_ID === undefined) return undefined;
  const path = /^0::\/(.+)$/m.exec(cgroup)?.[1];
  const names = path?.split('/').reverse() ?? [];
  return names.length === 0 || names.length > levels ? undefined : names;
}

/** Of this process. */
export function ownUnit(): readonly string[] | undefined {
  return unitOf(readFileSync('/proc/self/cgroup', 'utf8'), process.ppid, process.env);
}

/** As process 1 sees it, whatever mount namespace this process lives in. Throws what node:fs throws. */
export function pinPlaces(directory: string): NonNullable<SelfPlaces['pins']> {
  const covers: SelfFile[] = [];
  for (let path = directory; path !== '/'; path = dirname(path)) covers.push(identityOf(`/proc/1/root${path}`));
  return {
    directory: covers[0]!,
    covers,
    mounts: mountsAbove(directory, readFileSync('/proc/1/mountinfo', 'utf8')),
  };
}

/** Number of the mount namespace of process 1. */
export function hostMountNamespace(): number {
  return Number(statSync('/proc/1/ns/mnt', { bigint: true }).ino);
}

/** Ids of the mount that a path lies in and of those that this one lies in, from the text of mountinfo. */
export function mountsAbove(path: string, mountinfo: string): number[] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [id, parent, , , point] = line.split(' ');
    return point === undefined ? [] : [{ id: Number(id), parent: Number(parent), point: unescaped(point) }];
  });
  const around = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  // the longest; of two at one place the later lies above
  let mount = around.reduce<(typeof mounts)[number] | undefined>(
    (best, next) => (best === undefined || next.point.length >= best.point.length ? next : best),
    undefined,
  );
  const ids: number[] = [];
  while (mount !== undefined && !ids.includes(mount.id)) {
    const { id, parent }: (typeof mounts)[number] = mount;
    ids.push(id);
    mount = mounts.find((other) => other.id === parent);
  }
  return ids;
}

/** mountinfo writes spaces and the like in octal. */
function unescaped(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function identityOf(path: string): SelfFile {
  const { dev, ino } = statSync(path, { bigint: true });
  return { inode: ino, device: kernelDevice(dev) };
}

/** stat(2) writes a device number in one way and the kernel in another: major << 20 | minor. */
export function kernelDevice(dev: bigint): number {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn & 0xffffffffn);
  return Number(((major << 20n) | (minor & 0xfffffn)) & 0xffffffffn);
}
