import type { EventType } from '../field.js';
import { array, type Entry, flag, number, text, time, under } from './entry.js';
import { fileFields, metadataFields } from './file.js';
import { fileEvents } from './file-events.js';
import * as kernel from './kernel-events.js';
import * as network from './network.js';
import { processFields } from './process.js';

const { retval } = kernel;

/** A process with its parent and, as an iterator, its ancestors. */
interface Lineage {
  readonly prefix: string;
}

/** Where a process stands in an event, besides `process.*`. Each has a parent and ancestors. */
export const lineages: Partial<Record<EventType, Lineage>> = {
  signal: { prefix: 'signal.target' },
  ptrace: { prefix: 'ptrace.tracee' },
  setrlimit: { prefix: 'setrlimit.target' },
};

/** Fields of every event, under their own first name. */
export const commonFields: readonly Entry[] = [
  flag('event.async', 'The system call was asynchronous'),
  text('event.hostname', 'Name of the host'),
  text('event.origin', 'Where the event comes from'),
  text('event.os', 'Operating system'),
  text('event.service', 'Service of the process'),
  time('event.timestamp', 'When it happened'),
  text('event.source', 'How the event was obtained'),
  text('event.signature', 'Signature of the event'),
  text('event.rule.tags', 'Tags of the rule', array),
];

/** Own fields of each event, without the event's name in front. */
export const eventFields: Record<EventType, readonly Entry[]> = {
  exec: [
    ...processFields,
    ...under('file.metadata', metadataFields),
    text('syscall.path', 'Path argument as the caller gave it'),
  ],
  exit: [
    ...processFields,
    number('cause', 'How the process ended: EXITED, SIGNALED or COREDUMPED'),
    number('code', 'Exit code, or number of the signal'),
  ],
  fork: [],
  setuid: [
    number('uid', 'New real user id'),
    number('euid', 'New effective user id'),
    number('fsuid', 'New file system user id'),
    text('user', 'New real user name'),
    text('euser', 'New effective user name'),
    text('fsuser', 'New file system user name'),
    retval,
  ],
  setgid: [
    number('gid', 'New real group id'),
    number('egid', 'New effective group id'),
    number('fsgid', 'New file system group id'),
    text('group', 'New real group name'),
    text('egroup', 'New effective group name'),
    text('fsgroup', 'New file system group name'),
    retval,
  ],
  capset: [
    number('cap_effective', 'New effective capabilities'),
    number('cap_permitted', 'New permitted capabilities'),
    retval,
  ],
  capabilities: [number('attempted', 'Capabilities that were tried'), number('used', 'Capabilities that were used')],
  signal: [number('type', 'Signal'), number('pid', 'Process the signal is for'), retval],
  setrlimit: [
    number('resource', 'Resource that is limited'),
    number('rlim_cur', 'New soft limit'),
    number('rlim_max', 'New hard limit'),
    retval,
  ],
  prctl: [
    number('option', 'Option of the call'),
    text('new_name', 'New name of the task'),
    flag('is_name_truncated', 'The name was cut'),
    retval,
  ],
  login_uid: [],
  ...fileEvents,
  bpf: kernel.bpfFields,
  ptrace: [number('request', 'Request of the call'), retval],
  mmap: kernel.mmapFields,
  mprotect: kernel.mprotectFields,
  load_module: kernel.loadModuleFields,
  unload_module: kernel.unloadModuleFields,
  selinux: kernel.selinuxFields,
  sysctl: kernel.sysctlFields,
  cgroup_write: [...under('file', fileFields), number('pid', 'Process that is moved')],
  unshare: [number('flags', 'Namespaces that are left'), retval],
  setns: [number('nstype', 'Kind of namespace that is entered'), number('fd', 'Descriptor of the namespace'), retval],
  bind: [...network.socketAddressFields, number('protocol', 'Protocol of the socket'), retval],
  connect: [
    ...network.socketAddressFields,
    ...under('server', network.socketAddressFields),
    network.hostnames,
    number('protocol', 'Protocol of the socket'),
    retval,
  ],
  accept: [...network.socketAddressFields, network.hostnames, retval],
  socket: [
    number('domain', 'Address family'),
    number('type', 'Type of the socket'),
    number('protocol', 'Protocol of the socket'),
    retval,
  ],
  setsockopt: kernel.setsockoptFields,
  dns: network.dnsFields,
  imds: network.imdsFields,
  packet: network.packetFields,
  network_flow_monitor: network.flowMonitorFields,
  failed_dns: [text('payload', 'Bytes of the packet')],
  ondemand: kernel.ondemandFields,
};

/** The version of the reference agent that an event came with. */
export const eventSince: Partial<Record<EventType, string>> = {
  exec: '7.27',
  exit: '7.38',
  setuid: '7.27',
  setgid: '7.27',
  capset: '7.27',
  capabilities: '7.70',
  signal: '7.35',
  setrlimit: '7.68',
  prctl: '7.71',
  open: '7.27',
  chmod: '7.27',
  chown: '7.27',
  mkdir: '7.27',
  rmdir: '7.27',
  unlink: '7.27',
  utimes: '7.27',
  rename: '7.27',
  link: '7.27',
  setxattr: '7.27',
  removexattr: '7.27',
  chdir: '7.52',
  mount: '7.42',
  splice: '7.36',
  fim: '7.63',
  bpf: '7.33',
  ptrace: '7.35',
  mmap: '7.35',
  mprotect: '7.35',
  load_module: '7.35',
  unload_module: '7.35',
  selinux: '7.30',
  sysctl: '7.65',
  cgroup_write: '7.68',
  unshare: '7.83',
  bind: '7.37',
  connect: '7.60',
  accept: '7.63',
  socket: '7.81',
  setsockopt: '7.68',
  dns: '7.36',
  imds: '7.55',
  packet: '7.60',
  network_flow_monitor: '7.63',
};
