/**
 * A path as the kernel knows it: inode and device. The device is the one of the file's mount, since stat(2) tells another one on
 * file systems with devices of their own for parts of them, such as btrfs.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { ProtectedFile } from '../kernel/types.js';

export type FileIdentity = Pick<ProtectedFile, 'inode' | 'device'>;

/** Not in node:fs: a descriptor that stands for a file without opening it. */
const O_PATH = 0o10000000;

/** Follows symbolic links, in the mount namespace of this process. Undefined: there is no such file. */
export function resolveFile(path: string): FileIdentity | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_PATH);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) return undefined;
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const device = deviceOfMount(Number(/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]), mounts);
    return device === undefined ? undefined : { inode: stat.ino, device };
  } finally {
    closeSync(descriptor);
  }
}

/** Of a mount by its id, from the text of mountinfo: major << 20 | minor. */
export function deviceOfMount(id: number, mountinfo: string): number | undefined {
  for (const line of mountinfo.split('\n')) {
    const [mount, , device] = line.split(' ');
    if (Number(mount) !== id || device === undefined || mount === '') continue;
    const [major, minor] = device.split(':').map(Number);
    return ((major! << 20) | minor!) >>> 0;
  }
  return undefined;
}
