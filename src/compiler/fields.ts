/** The fields that the kernel decides on an exec, and where it reads each. */
import { catalogue, type Field } from '../secl/index.js';
import type { FactName, StreamName } from './image/layout.js';

/** Whose fact it is: the file of a view, its interpreter, the cgroup, or the process. */
export type Role = 'file' | 'interpreter' | 'cgroup' | 'process';

/** How the bytes of a stream make up the values of a field. */
export type Reading = 'value' | 'joined' | 'elements' | 'flags' | 'options' | 'names';

/**
 * `settled`: when the fact has its final value. Effective ids may change with a setuid file, and the command name is set,
 * only after the exec's point of no return.
 */
export type Settled = 'before-exec' | 'at-exec';

export type KernelField =
  | {
      readonly kind: 'text';
      readonly role: Role;
      readonly stream: StreamName;
      readonly reading: Reading;
      readonly settled: Settled;
    }
  | {
      readonly kind: 'integer';
      readonly role: Role;
      readonly fact: FactName;
      /** All that the field says of the fact. */
      readonly mask: bigint;
      readonly settled: Settled;
    };

export const wholeFact = -1n;
const permissions = 0o7777n;

function text(
  stream: StreamName,
  reading: Reading,
  role: Role = 'process',
  settled: Settled = 'before-exec',
): KernelField {
  return { kind: 'text', role, stream, reading, settled };
}

function integer(
  fact: FactName,
  role: Role = 'process',
  settled: Settled = 'before-exec',
  mask: bigint = wholeFact,
): KernelField {
  return { kind: 'integer', role, fact, mask, settled };
}

function fileFields(prefix: string, role: Role): [string, KernelField][] {
  return [
    [`${prefix}.path`, text('path', 'value', role)],
    [`${prefix}.name`, text('name', 'value', role)],
    [`${prefix}.uid`, integer('fileUid', role)],
    [`${prefix}.gid`, integer('fileGid', role)],
    [`${prefix}.mode`, integer('fileMode', role)],
    [`${prefix}.rights`, integer('fileMode', role, 'before-exec', permissions)],
    [`${prefix}.inode`, integer('fileInode', role)],
  ];
}

const fields = new Map<string, KernelField>([
  ...fileFields('process.file', 'file'),
  ...fileFields('process.interpreter.file', 'interpreter'),
  ['process.comm', text('comm', 'value', 'process', 'at-exec')],
  ['process.argv0', text('argv0', 'value')],
  ['process.args', text('args', 'joined')],
  ['process.argv', text('args', 'elements')],
  ['process.args_flags', text('args', 'flags')],
  ['process.args_options', text('args', 'options')],
  ['process.args_truncated', integer('argsTruncated')],
  ['process.envs', text('envs', 'names')],
  ['process.tty_name', text('tty', 'value')],
  ['process.uid', integer('uid')],
  ['process.gid', integer('gid')],
  ['process.euid', integer('euid', 'process', 'at-exec')],
  ['process.egid', integer('egid', 'process', 'at-exec')],
  ['process.pid', integer('pid')],
  ['process.ppid', integer('ppid')],
  ...['', 'process.'].flatMap((prefix): [string, KernelField][] => [
    [`${prefix}container.id`, text('container', 'value', 'cgroup')],
    [`${prefix}cgroup.id`, text('cgroup', 'value', 'cgroup')],
  ]),
]);

/** Where the kernel reads a field of an exec event, or nothing when it does not. */
export function kernelField(field: Field): KernelField | undefined {
  return field.iterator === undefined && field.elementOf === undefined ? fields.get(field.canonical) : undefined;
}

/** Of what came before the process: its parent's program, or those of all its ancestors. */
export const relatives = ['parent', 'ancestors'] as const;
export type Relative = (typeof relatives)[number];

export interface LineageField {
  readonly of: Relative;
  /** The same fact of the process itself: `process.file.name` for `process.parent.file.name`. */
  readonly own: Field | undefined;
  /**
   * `kept`: decided when the relative was executed, since nothing but an exec changes it. `changing`: other calls change it. `unread`:
   * the kernel does not read it.
   */
  readonly fate: 'kept' | 'changing' | 'unread';
}

const prefixes: readonly (readonly [prefix: string, of: Relative])[] = [
  ['process.parent.', 'parent'],
  ['process.ancestors.', 'ancestors'],
];

/** What a field says of a relative of the process; nothing for a field of the process itself. */
export function lineageField({ canonical, elementOf }: Field): LineageField | undefined {
  const found = prefixes.find(([prefix]) => canonical.startsWith(prefix));
  if (found === undefined) return undefined;
  const [prefix, of] = found;
  const own = elementOf === undefined ? catalogue.find(`process.${canonical.slice(prefix.length)}`) : undefined;
  const read = own && kernelField(own);
  return { of, own, fate: read === undefined ? 'unread' : isFixedAtExec(read) ? 'kept' : 'changing' };
}

function isFixedAtExec(field: KernelField): boolean {
  switch (field.role) {
    case 'file':
    case 'interpreter':
      return true;
    case 'cgroup':
      return false;
    case 'process':
      return field.kind === 'text' ? field.stream !== 'comm' : field.fact === 'argsTruncated';
  }
}

/** Fields whose source is still to come, in any event. */
export function isWaiting({ canonical }: Field): boolean {
  return canonical === 'container.tags' || canonical.endsWith('.container.tags');
}

/** Why a test of a field that the kernel does not read is not made there. */
export function notRead(field: Field): string {
  return isWaiting(field) ? `nothing reports ${field.name} yet` : `the kernel does not read ${field.name} at an exec`;
}
