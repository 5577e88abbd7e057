import { address, array, type Entry, flag, number, text, time, under } from './entry.js';
import { fileFields } from './file.js';

export const containerFields: readonly Entry[] = [
  text('id', 'Id of the container, empty on the host'),
  time('created_at', 'When the container was created'),
  text('tags', 'Tags of the container', array),
  text('runtime', 'Container runtime'),
];

export const cgroupFields: readonly Entry[] = [
  text('id', 'Id of the control group'),
  text('manager', 'What manages the control group'),
  number('version', 'Version of the control group hierarchy'),
  time('created_at', 'When the control group was created'),
  number('file.inode', 'Inode of its directory'),
  number('file.mount_id', 'Mount id of its directory'),
];

const userSessionFields: readonly Entry[] = [
  text('id', 'Id of the user session'),
  text('identity', 'Identity of the user of the session'),
  text('session_type', 'Kind of session'),
  text('k8s_username', 'Kubernetes user that opened the session'),
  text('k8s_uid', 'Kubernetes uid of that user'),
  text('k8s_groups', 'Kubernetes groups of that user', array),
  number('ssh_session_id', 'Id of the SSH session'),
  number('ssh_auth_method', 'How the SSH user was authenticated'),
  address('ssh_client_ip', 'Address of the SSH client'),
  number('ssh_client_port', 'Port of the SSH client'),
  text('ssh_public_key', 'Public key the SSH user was authenticated with'),
  text('ssh_username', 'User name of the SSH session'),
];

const argumentFields: readonly Entry[] = [
  text('argv0', 'First argument: the name the program was called by'),
  text('args', 'Arguments after the first, joined by a space'),
  text('argv', 'Arguments after the first', array),
  text('args_flags', 'Flags among the arguments: v for -v, verbose for --verbose', array),
  text('args_options', 'Options among the arguments, as name=value', array),
  flag('args_truncated', 'The arguments were cut'),
  text('envs', 'Names of the environment variables', array),
  text('envp', 'Environment variables as NAME=value, for the names that are kept', array),
  flag('envs_truncated', 'The environment was cut'),
];

const credentialFields: readonly Entry[] = [
  number('uid', 'Real user id'),
  number('gid', 'Real group id'),
  text('user', 'Name of the real user'),
  text('group', 'Name of the real group'),
  number('euid', 'Effective user id'),
  number('egid', 'Effective group id'),
  text('euser', 'Name of the effective user'),
  text('egroup', 'Name of the effective group'),
  number('fsuid', 'File system user id'),
  number('fsgid', 'File system group id'),
  text('fsuser', 'Name of the file system user'),
  text('fsgroup', 'Name of the file system group'),
  number('auid', 'Login user id'),
  number('cap_effective', 'Effective capabilities, one bit each'),
  number('cap_permitted', 'Permitted capabilities, one bit each'),
  number('caps_attempted', 'Capabilities the process tried to use'),
  number('caps_used', 'Capabilities the process used'),
];

/** A process, without its parent and ancestors. */
export const processFields: readonly Entry[] = [
  number('pid', 'Process id (thread group id)'),
  number('tid', 'Thread id'),
  number('ppid', 'Process id of the parent'),
  number('sid', 'Session id'),
  number('netns', 'Network namespace'),
  number('mntns', 'Mount namespace'),
  number('pidns', 'Process id namespace'),
  flag('is_kworker', 'Is a kernel worker'),
  flag('is_thread', 'Has not executed a program of its own since it was forked'),
  flag('is_exec', 'Has executed a program since it was forked'),
  time('created_at', 'When the process was created'),
  text('comm', 'Name of the task: at most 15 bytes'),
  text('tty_name', 'Name of its terminal'),
  ...argumentFields,
  ...credentialFields,
  ...under('user_session', userSessionFields),
  ...under('container', containerFields),
  ...under('cgroup', cgroupFields),
  ...under('file', fileFields),
  ...under('interpreter.file', fileFields),
];
