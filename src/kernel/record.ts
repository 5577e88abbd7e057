/** struct pc_record, by the layout of the object that wrote it. */
import type { Bytes } from '../secl/bytes.js';
import type { Abi } from './abi.js';
import { SessionError } from './errors.js';
import type { KernelRecord, RecordedEvent, Stage, Verdict } from './types.js';

const flag = { argsCut: 1, pathCut: 2, shadow: 4, established: 8, breaker: 16, canary: 32 };

/** A decoder for the records of one object. Bytes -> record; throws SessionError `layout` for a record of another version. */
export function recordDecoder(abi: Abi): (bytes: Uint8Array) => KernelRecord {
  const stages = abi.names('pc_stage', 'PC_STAGE_') as ReadonlyMap<number, Stage>;
  const verdicts = abi.names('pc_verdict', 'PC_VERDICT_') as ReadonlyMap<number, Verdict>;
  const events = abi.names('pc_event', 'PC_EVENT_') as ReadonlyMap<number, RecordedEvent>;
  const version = abi.number('pc_version', 'PC_ABI_VERSION');
  const { size } = abi.record;
  const field = offsetsOf(abi);
  // Records come as views of one buffer, hundreds of them.
  let view: DataView = new DataView(new ArrayBuffer(0));
  let block: Buffer = Buffer.alloc(0);

  return (bytes) => {
    if (view.buffer !== bytes.buffer) {
      view = new DataView(bytes.buffer);
      block = Buffer.from(bytes.buffer);
    }
    const at = bytes.byteOffset;
    const u16 = (offset: number) => view.getUint16(at + offset, true);
    const u32 = (offset: number) => view.getUint32(at + offset, true);
    const u64 = (offset: number) => view.getBigUint64(at + offset, true);
    if (bytes.byteLength < size || u16(field.version) !== version)
      throw new SessionError('layout', `a record of ${bytes.byteLength} bytes is not of version ${version}`);
    const last = at + bytes.byteLength;
    let next = at + size;
    const text = (length: number): Bytes | undefined => {
      next += length;
      return length === 0 ? undefined : block.toString('latin1', next - length, Math.min(next, last)) || undefined;
    };
    const ruleBytes = u16(field.rule_bytes);
    const rules = bits(block, next, Math.min(next + ruleBytes, last));
    const unknownRules = bits(block, next + ruleBytes, Math.min(next + 2 * ruleBytes, last));
    next += 2 * ruleBytes;
    const path = text(u16(field.path_bytes));
    const name = text(u16(field.name_bytes));
    const interpreterPath = text(u16(field.interpreter_path_bytes));
    const interpreterName = text(u16(field.interpreter_name_bytes));
    const head = text(u16(field.head_bytes));
    const tty = text(u16(field.tty_bytes));
    const flags = block[at + field.flags]!;
    return {
      event: events.get(u32(field.event)) ?? 'exec',
      exitCode: u32(field.exit_code),
      stage: stages.get(block[at + field.stage]!) ?? 'unseen',
      verdict: verdicts.get(block[at + field.verdict]!) ?? 'none',
      sequence: u64(field.sequence),
      exec: u64(field.exec),
      previous: u64(field.previous),
      time: u64(field.time),
      start: u64(field.start),
      generation: u64(field.generation),
      known: u64(field.known),
      cgroup: u64(field.cgroup),
      inode: u64(field.inode),
      cpu: u32(field.cpu),
      device: u32(field.device),
      pid: u32(field.pid),
      tid: u32(field.tid),
      ppid: u32(field.ppid),
      uid: u32(field.uid),
      gid: u32(field.gid),
      euid: u32(field.euid),
      egid: u32(field.egid),
      mode: u32(field.mode),
      signal: u32(field.signal),
      argsCount: u32(field.args_count),
      argsBytes: u32(field.args_bytes),
      levels: block[at + field.levels]!,
      rules,
      // unknown in one view and true in another is true
      unknownRules: unknownRules.length === 0 ? unknownRules : unknownRules.filter((rule) => !rules.includes(rule)),
      path,
      name,
      interpreterPath,
      interpreterName,
      argv: strings(head),
      argsCut: (flags & flag.argsCut) !== 0,
      pathCut: (flags & flag.pathCut) !== 0,
      shadow: (flags & flag.shadow) !== 0,
      established: (flags & flag.established) !== 0,
      tripped: (flags & flag.breaker) !== 0,
      outsideCanary: (flags & flag.canary) !== 0,
      tty,
      comm: upToNul(block, at + field.comm),
      parentComm: upToNul(block, at + field.parent_comm),
    };
  };
}

/** Fields of struct pc_record that are read, by their names in C. */
const fields = [
  ...(['version', 'stage', 'verdict', 'sequence', 'exec', 'previous', 'time', 'start', 'generation'] as const),
  ...(['known', 'cgroup', 'inode', 'cpu', 'device', 'pid', 'tid', 'ppid', 'uid', 'gid', 'euid', 'egid'] as const),
  ...(['mode', 'signal', 'args_count', 'args_bytes', 'rule_bytes', 'path_bytes', 'name_bytes', 'levels'] as const),
  ...(['interpreter_path_bytes', 'interpreter_name_bytes', 'head_bytes', 'tty_bytes', 'flags'] as const),
  ...(['exit_code', 'event', 'comm', 'parent_comm'] as const),
];

function offsetsOf(abi: Abi): Readonly<Record<(typeof fields)[number], number>> {
  const offset = (name: string) => {
    const found = abi.record.fields.get(name);
    if (!found) throw new SessionError('layout', `struct pc_record has no ${name}`);
    return found.offset;
  };
  return Object.fromEntries(fields.map((name) => [name, offset(name)])) as Record<(typeof fields)[number], number>;
}

/** A name as the kernel keeps it of a task: a NUL behind it where it is shorter than its place. */
function upToNul(block: Buffer, at: number): Bytes {
  let end = at;
  while (end < at + commBytes && block[end] !== 0) end++;
  return block.toString('latin1', at, end);
}

const commBytes = 16;

/** Strings with a NUL behind each; the last one may lack it. */
function strings(block: Bytes | undefined): Bytes[] {
  if (block === undefined) return [];
  const parts = block.split('\0');
  if (block.endsWith('\0')) parts.pop();
  return parts;
}

/** Numbers of the bits that are set, ascending. */
function bits(block: Buffer, from: number, end: number): number[] {
  const numbers: number[] = [];
  for (let at = from; at < end; at++) {
    const byte = block[at]!;
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) numbers.push((at - from) * 8 + bit);
  }
  return numbers;
}
