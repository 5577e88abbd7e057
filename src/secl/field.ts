/** The kinds of event a rule can be about, in the order of the documentation. */
export const eventTypes = [
  'exec',
  'exit',
  'fork',
  'setuid',
  'setgid',
  'capset',
  'capabilities',
  'signal',
  'setrlimit',
  'prctl',
  'login_uid',
  'open',
  'chmod',
  'chown',
  'mkdir',
  'rmdir',
  'unlink',
  'utimes',
  'rename',
  'link',
  'setxattr',
  'removexattr',
  'chdir',
  'mount',
  'splice',
  'fim',
  'bpf',
  'ptrace',
  'mmap',
  'mprotect',
  'load_module',
  'unload_module',
  'selinux',
  'sysctl',
  'cgroup_write',
  'unshare',
  'setns',
  'bind',
  'connect',
  'accept',
  'socket',
  'setsockopt',
  'dns',
  'imds',
  'packet',
  'network_flow_monitor',
  'failed_dns',
  'ondemand',
] as const;

export type EventType = (typeof eventTypes)[number];

export type FieldType = 'string' | 'int' | 'bool' | 'ip';

/** A list of like things, each with the same fields, e.g. the ancestors of a process, nearest first. */
export type IteratorName = 'process.ancestors' | 'ptrace.tracee.ancestors' | (string & {});

/** One field of the catalogue. */
export interface Field {
  /** As written in an expression, without a register: `process.ancestors.file.name`. */
  readonly name: string;
  /** The event it belongs to; `common` fields are there in every event. */
  readonly event: EventType | 'common';
  readonly type: FieldType;
  /** Has any number of values in one event. Fields of an iterator are arrays through it. */
  readonly array: boolean;
  /** The list this field is an element's fact of. */
  readonly iterator?: IteratorName;
  /** The name within an element of the iterator: `file.name`. */
  readonly element?: string;
  /** Patterns on it are path globs: `*` stays inside one segment. */
  readonly path?: true;
  /** Compared without regard to the case of ASCII letters (host names). Regular expressions are not. */
  readonly foldCase?: true;
  /** Nanoseconds since the epoch; compared with a duration it means its age. */
  readonly time?: true;
  /** The number of bytes of this other field, or of elements of this iterator. */
  readonly lengthOf?: string;
  /** The registered domain of this other field. */
  readonly rootDomainOf?: string;
  /** One element of this array field, for `exec.argv[0]`. Such a field is made where it is used; it is not listed. */
  readonly elementOf?: { readonly field: Field; readonly index: number };
  /** Only these events carry it, though it is common. */
  readonly restrictedTo?: readonly EventType[];
  /** `exec.X` is the same fact as `process.X`: both carry `process.X` here. */
  readonly canonical: string;
  readonly description: string;
  /** The version of the reference agent it came with, where known. */
  readonly since?: string;
}

/** A field at a place in an expression. */
export interface FieldUse {
  readonly field: Field;
  /** The register, for `process.ancestors[A].pid`. */
  readonly register?: string;
  /** Offsets into the text of the expression (or of the macro) it stands in. */
  readonly start: number;
  readonly end: number;
}
