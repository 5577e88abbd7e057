import { type Entry, flag, number, text, under } from './entry.js';
import { destinationFile, fileFields } from './file.js';
import { retval } from './kernel-events.js';

const file: readonly Entry[] = [...under('file', fileFields), retval];
const syscallPath: Entry = text('syscall.path', 'Path argument as the caller gave it');
const syscallDestination: Entry = text('syscall.destination.path', 'Second path argument as the caller gave it');

/** Own fields of the events about files, by event. */
export const fileEvents = {
  open: [
    ...file,
    number('flags', 'Open flags'),
    number('file.destination.mode', 'Mode of the file that is created'),
    syscallPath,
    number('syscall.flags', 'Flags argument as the caller gave it'),
    number('syscall.mode', 'Mode argument as the caller gave it'),
  ],
  chmod: [
    ...file,
    number('file.destination.mode', 'New mode'),
    number('file.destination.rights', 'New permission bits'),
    syscallPath,
    number('syscall.mode', 'Mode argument as the caller gave it'),
  ],
  chown: [
    ...file,
    number('file.destination.uid', 'New user id of the owner'),
    number('file.destination.gid', 'New group id of the owner'),
    text('file.destination.user', 'New user name of the owner'),
    text('file.destination.group', 'New group name of the owner'),
    syscallPath,
    number('syscall.uid', 'User argument as the caller gave it'),
    number('syscall.gid', 'Group argument as the caller gave it'),
  ],
  mkdir: [
    ...file,
    number('file.destination.mode', 'Mode of the new directory'),
    number('file.destination.rights', 'Permission bits of the new directory'),
    syscallPath,
    number('syscall.mode', 'Mode argument as the caller gave it'),
  ],
  rmdir: [...file, syscallPath],
  unlink: [
    ...file,
    number('flags', 'Flags of the call'),
    syscallPath,
    number('syscall.dirfd', 'Directory argument as the caller gave it'),
    number('syscall.flags', 'Flags argument as the caller gave it'),
  ],
  utimes: [...file, syscallPath],
  rename: [...file, ...destinationFile, syscallPath, syscallDestination],
  link: [...file, ...destinationFile, syscallPath, syscallDestination],
  setxattr: [
    ...file,
    text('file.destination.namespace', 'Namespace of the attribute'),
    text('file.destination.name', 'Name of the attribute'),
  ],
  removexattr: [
    ...file,
    text('file.destination.namespace', 'Namespace of the attribute'),
    text('file.destination.name', 'Name of the attribute'),
  ],
  chdir: [...file, syscallPath],
  mount: [
    text('fs_type', 'Type of the file system'),
    flag('detached', 'The mount is detached'),
    flag('visible', 'The mount is visible'),
    text('mountpoint.path', 'Where it is mounted'),
    text('source.path', 'What a bind mount shows'),
    text('root.path', 'Root of the mount'),
    text('syscall.fs_type', 'Type argument as the caller gave it'),
    text('syscall.mountpoint.path', 'Mount point argument as the caller gave it'),
    text('syscall.source.path', 'Source argument as the caller gave it'),
    retval,
  ],
  splice: [
    ...file,
    number('pipe_entry_flag', 'Flag of the first pipe buffer'),
    number('pipe_exit_flag', 'Flag of the last pipe buffer'),
  ],
  fim: under('write', [...under('file', fileFields), retval]),
} as const satisfies Record<string, readonly Entry[]>;
