import { array, type Entry, flag, number, text, under } from './entry.js';
import { fileFields } from './file.js';

export const retval: Entry = number('retval', 'What the system call returned');

export const bpfFields: readonly Entry[] = [
  number('cmd', 'Command of the bpf call'),
  text('map.name', 'Name of the map'),
  number('map.type', 'Type of the map'),
  number('prog.attach_type', 'Attach type of the program'),
  number('prog.helpers', 'Helpers the program calls', array),
  text('prog.name', 'Name of the program'),
  text('prog.tag', 'Hash of the program'),
  number('prog.type', 'Type of the program'),
  retval,
];

export const mmapFields: readonly Entry[] = [
  ...under('file', fileFields),
  number('flags', 'Flags of the mapping'),
  number('protection', 'Protection of the mapping'),
  retval,
];

export const mprotectFields: readonly Entry[] = [
  number('vm_protection', 'Protection before the call'),
  number('req_protection', 'Protection that is asked for'),
  retval,
];

export const loadModuleFields: readonly Entry[] = [
  ...under('file', fileFields),
  text('name', 'Name of the module'),
  text('args', 'Parameters of the module, joined by a space'),
  text('argv', 'Parameters of the module', array),
  flag('args_truncated', 'The parameters were cut'),
  flag('loaded_from_memory', 'Was loaded from memory, not from a file'),
  retval,
];

export const unloadModuleFields: readonly Entry[] = [text('name', 'Name of the module'), retval];

export const selinuxFields: readonly Entry[] = [
  text('bool.name', 'Name of the SELinux boolean'),
  text('bool.state', 'New state of the boolean'),
  flag('bool_commit.state', 'The booleans are committed'),
  text('enforce.status', 'New enforcement: enforcing, permissive or disabled'),
];

export const sysctlFields: readonly Entry[] = [
  number('action', 'Read or write'),
  text('name', 'Name of the parameter'),
  flag('name_truncated', 'The name was cut'),
  text('value', 'New or read value'),
  flag('value_truncated', 'The value was cut'),
  text('old_value', 'Value before a write'),
  flag('old_value_truncated', 'The value before was cut'),
  number('file_position', 'Position in the parameter file'),
];

export const setsockoptFields: readonly Entry[] = [
  number('level', 'Protocol level of the option'),
  number('optname', 'Option'),
  number('socket_type', 'Type of the socket'),
  number('socket_family', 'Address family of the socket'),
  number('socket_protocol', 'Protocol of the socket'),
  number('filter_len', 'Instructions of the attached filter'),
  text('filter_hash', 'Hash of the attached filter'),
  text('filter_instructions', 'Instructions of the attached filter'),
  number('used_immediates', 'Immediate values the filter uses', array),
  flag('is_filter_truncated', 'The filter was cut'),
  retval,
];

/** A kernel function or system call that the user hooks. */
export const ondemandFields: readonly Entry[] = [
  text('name', 'Name of the hook point'),
  ...[1, 2, 3, 4, 5, 6].flatMap((at) => [
    text(`arg${at}.str`, `Argument ${at} as a string`),
    number(`arg${at}.uint`, `Argument ${at} as a number`),
  ]),
];
