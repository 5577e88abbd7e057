import { array, type Entry, flag, number, text, time, under } from './entry.js';

/** What is known of a file of an event. */
export const fileFields: readonly Entry[] = [
  text('path', 'Path of the file', { path: true, length: true }),
  text('name', 'Last segment of the path', { length: true }),
  text('extension', 'Extension of the file name, with the dot'),
  number('uid', 'User id of the owner'),
  number('gid', 'Group id of the owner'),
  text('user', 'User name of the owner'),
  text('group', 'Group name of the owner'),
  number('mode', 'Mode as the kernel keeps it, file type included'),
  number('rights', 'Permission bits of the mode'),
  number('inode', 'Inode number'),
  number('mount_id', 'Id of the mount it was reached through'),
  text('filesystem', 'Type of the file system'),
  flag('in_upper_layer', 'Lies in the upper layer of an overlay, so was not in the image'),
  time('change_time', 'Last change of the inode (ctime)'),
  time('modification_time', 'Last change of the content (mtime)'),
  text('hashes', 'Hashes computed for the file', array),
  flag('mount_visible', 'Its mount is visible in the mount namespace'),
  flag('mount_detached', 'Its mount is detached'),
  ...under('package', [
    text('name', 'Package that installed the file'),
    text('version', 'Full version of that package'),
    number('epoch', 'Epoch of that package'),
    text('release', 'Release of that package'),
    text('source_version', 'Full version of its source package'),
    number('source_epoch', 'Epoch of its source package'),
    text('source_release', 'Release of its source package'),
  ]),
];

/** What the content of an executable tells, on exec only. */
export const metadataFields: readonly Entry[] = [
  number('abi', 'ABI of the executable, as a number of bits'),
  number('architecture', 'Machine architecture of the executable'),
  number('compression', 'How the executable is compressed'),
  flag('is_executable', 'Has the form of an executable'),
  flag('is_garble_obfuscated', 'Was built with the Go obfuscator garble'),
  flag('is_upx_packed', 'Is packed with UPX'),
  number('linkage', 'Statically or dynamically linked'),
  number('size', 'Size in bytes'),
  number('type', 'Kind of file'),
];

/** `file.destination.*` of events that name a second file. */
export const destinationFile: readonly Entry[] = under('file.destination', fileFields);
