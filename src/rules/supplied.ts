/** The fields that events of user space can say anything about; every other one is always unknown. */
import type { Field } from '../secl/index.js';

const ofProcess = [
  ...['pid', 'ppid', 'created_at', 'comm', 'argv0', 'argv', 'args', 'args_flags', 'args_options', 'args_truncated'],
  ...['uid', 'gid', 'euid', 'egid', 'user', 'group', 'euser', 'egroup', 'tty_name'],
  ...['container.id', 'container.runtime', 'cgroup.id', 'cgroup.file.inode'],
  ...['file.path', 'file.name', 'file.extension', 'file.inode', 'file.mode', 'file.rights'],
  ...['interpreter.file.path', 'interpreter.file.name', 'interpreter.file.extension'],
];
const ofEventProcess = [...ofProcess, 'tid', 'is_exec', 'is_thread'];

const supplied = new Set([
  ...ofEventProcess.flatMap((name) => [`process.${name}`, `exit.${name}`]),
  ...ofProcess.flatMap((name) => [`process.parent.${name}`, `process.ancestors.${name}`]),
  ...['container.id', 'container.runtime', 'cgroup.id', 'cgroup.file.inode', 'exit.cause', 'exit.code'],
  ...['event.async', 'event.hostname', 'event.origin', 'event.os', 'event.timestamp', 'process.ancestors.length'],
]);

export function isSupplied({ canonical, lengthOf, elementOf }: Field): boolean {
  if (elementOf !== undefined) return isSupplied(elementOf.field);
  return supplied.has(canonical) || (lengthOf !== undefined && supplied.has(lengthOf.replace(/^exec\./, 'process.')));
}
