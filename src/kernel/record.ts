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
  const offsets = new Map<string, number>();
  const field = (name: string) => {
    const known = offsets.get(name);
    if (known !== undefined) return known;
    const found = abi.record.fields.get(name);
    if (!found) throw new SessionError('layout', `struct pc_record has no ${name}`);
    offsets.set(name, found.offset);
    return found.offset;
  };

  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const u8 = (name: string) => view.getUint8(field(name));
    const u16 = (name: string) => view.getUint16(field(name), true);
    const u32 = (name: string) => view.getUint32(field(name), true);
    const u64 = (name: string) => view.getBigUint64(field(name), true);
    if (bytes.byteLength < abi.record.size || u16('version') !== version)
      throw new SessionError('layout', `a record of ${bytes.byteLength} bytes is not of version ${version}`);
    let at = abi.record.size;
    const section = (length: number): Uint8Array => {
      at += length;
      return bytes.subarray(at - length, at);
    };
    const rules = bits(section(u16('rule_bytes')));
    const unknownRules = bits(section(u16('rule_bytes')));
    const path = section(u16('path_bytes'));
    const name = section(u16('name_bytes'));
    const interpreterPath = section(u16('interpreter_path_bytes'));
    const interpreterName = section(u16('interpreter_name_bytes'));
    const head = section(u16('head_bytes'));
    const tty = section(u16('tty_bytes'));
    const flags = u8('flags');
    const holds = new Set(rules);
    return {
      event: events.get(u32('event')) ?? 'exec',
      exitCode: u32('exit_code'),
      stage: stages.get(u8('stage')) ?? 'unseen',
      verdict: verdicts.get(u8('verdict')) ?? 'none',
      sequence: u64('sequence'),
      exec: u64('exec'),
      previous: u64('previous'),
      time: u64('time'),
      start: u64('start'),
      generation: u64('generation'),
      known: u64('known'),
      cgroup: u64('cgroup'),
      inode: u64('inode'),
      cpu: u32('cpu'),
      device: u32('device'),
      pid: u32('pid'),
      tid: u32('tid'),
      ppid: u32('ppid'),
      uid: u32('uid'),
      gid: u32('gid'),
      euid: u32('euid'),
      egid: u32('egid'),
      mode: u32('mode'),
      signal: u32('signal'),
      argsCount: u32('args_count'),
      argsBytes: u32('args_bytes'),
      levels: u8('levels'),
      rules,
      // unknown in one view and true in another is true
      unknownRules: unknownRules.filter((rule) => !holds.has(rule)),
      path: text(path) || undefined,
      name: text(name) || undefined,
      interpreterPath: text(interpreterPath) || undefined,
      interpreterName: text(interpreterName) || undefined,
      argv: strings(head),
      argsCut: (flags & flag.argsCut) !== 0,
      pathCut: (flags & flag.pathCut) !== 0,
      shadow: (flags & flag.shadow) !== 0,
      established: (flags & flag.established) !== 0,
      tripped: (flags & flag.breaker) !== 0,
      outsideCanary: (flags & flag.canary) !== 0,
      tty: text(tty) || undefined,
      comm: upToNul(bytes.subarray(field('comm'), field('comm') + 16)),
      parentComm: upToNul(bytes.subarray(field('parent_comm'), field('parent_comm') + 16)),
    };
  };
}

function text(bytes: Uint8Array): Bytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function upToNul(bytes: Uint8Array): Bytes {
  const end = bytes.indexOf(0);
  return text(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Strings with a NUL behind each; the last one may lack it. */
function strings(block: Uint8Array): Bytes[] {
  if (block.length === 0) return [];
  const parts = text(block).split('\0');
  if (block[block.length - 1] === 0) parts.pop();
  return parts;
}

function bits(words: Uint8Array): number[] {
  const numbers: number[] = [];
  words.forEach((byte, index) => {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) numbers.push(index * 8 + bit);
  });
  return numbers;
}
