/** What keeps rules from harm, in the kernel's maps: protected files, established executables, the circuit breaker of each rule. */
import type { Abi } from './abi.js';
import type { BpfMap } from './addon.js';
import type { Executable, ProtectedFile, Trip } from './types.js';

const protections = { program: 1, login: 2, shell: 4 } as const; // enum pc_protection

/** Makes the map hold exactly these files. Throws KernelError when they are too many. */
export function writeProtectedFiles(abi: Abi, map: BpfMap, files: readonly ProtectedFile[]): void {
  const { size, fields } = abi.struct('pc_inode');
  const wanted = new Map<string, { key: Uint8Array; bits: number }>();
  for (const { inode, device, protection } of files) {
    const key = new Uint8Array(size);
    const view = new DataView(key.buffer);
    view.setBigUint64(fields.get('inode')!.offset, inode, true);
    view.setUint32(fields.get('device')!.offset, device, true);
    const name = Buffer.from(key).toString('hex');
    const bits = protection.reduce((sum, kind) => sum | protections[kind], wanted.get(name)?.bits ?? 0);
    wanted.set(name, { key, bits });
  }
  // what is new first: nothing that stays protected is without it in between
  for (const { key, bits } of wanted.values()) map.update(key, new Uint8Array(Uint32Array.of(bits).buffer));
  for (const key of [...map.keys()]) if (!wanted.has(Buffer.from(key).toString('hex'))) map.delete(key);
}

/** Notes executables as seen at `time`, nanoseconds since boot; those noted before keep their time. */
export function writeEstablished(abi: Abi, map: BpfMap, executables: readonly Executable[], time: bigint): void {
  const value = new Uint8Array(BigUint64Array.of(time).buffer);
  for (const executable of executables) {
    const key = keyOf(abi, executable);
    if (map.lookup(key) === undefined) map.update(key, value);
  }
}

/** These are as if they had never been seen. */
export function forgetEstablished(abi: Abi, map: BpfMap, executables: readonly Executable[]): void {
  for (const executable of executables) map.delete(keyOf(abi, executable));
}

function keyOf(abi: Abi, { ctime, size: bytes, name }: Executable): Uint8Array {
  const { size, fields } = abi.struct('pc_file');
  const key = new Uint8Array(size);
  const view = new DataView(key.buffer);
  view.setBigUint64(fields.get('ctime')!.offset, ctime, true);
  view.setBigUint64(fields.get('size')!.offset, bytes, true);
  // one byte less than there is room for: the kernel ends the name with a NUL
  const room = fields.get('name')!.size - 1;
  key.set(Buffer.from(name, 'latin1').subarray(0, room), fields.get('name')!.offset);
  return key;
}

/** The breakers of the rules of one slot. */
export class Guards {
  private readonly view: DataView;
  private readonly stride: number;
  private readonly rules: number;
  private readonly offsets: { since: number; distinct: number; tripped: number };

  constructor(abi: Abi, map: BpfMap) {
    const { size, fields } = abi.struct('pc_guard');
    this.view = new DataView(map.mmap());
    this.stride = size;
    this.rules = abi.number('pc_limit', 'PC_RULES');
    const offset = (name: string) => fields.get(name)!.offset;
    this.offsets = { since: offset('since'), distinct: offset('distinct'), tripped: offset('tripped') };
  }

  /** Arms the breakers of the first `count` rules of a slot; `since` by rule, `otherwise` where there is none. */
  arm(slot: number, count: number, since: readonly bigint[], otherwise: bigint): void {
    for (let rule = 0; rule < count; rule++) {
      const at = this.at(slot, rule);
      this.view.setBigUint64(at + this.offsets.since, since[rule] ?? otherwise, true);
      this.view.setUint32(at + this.offsets.distinct, 0, true);
      this.view.setUint32(at + this.offsets.tripped, 0, true);
    }
  }

  /** Since when each of the first `count` rules of a slot enforces: nanoseconds since boot. */
  since(slot: number, count: number): bigint[] {
    return Array.from({ length: count }, (_, rule) =>
      this.view.getBigUint64(this.at(slot, rule) + this.offsets.since, true),
    );
  }

  /** All that is known of the breakers of the first `count` rules of a slot, for another set of the same rules. */
  state(slot: number, count: number): Uint8Array {
    const { buffer, byteOffset } = this.view;
    return new Uint8Array(buffer, byteOffset + this.at(slot, 0), count * this.stride).slice();
  }

  /** The breakers of a slot go on from what `state` said. */
  goOn(slot: number, state: Uint8Array): void {
    const { buffer, byteOffset } = this.view;
    new Uint8Array(buffer, byteOffset + this.at(slot, 0), state.byteLength).set(state);
  }

  trips(slot: number, count: number): Trip[] {
    const trips: Trip[] = [];
    for (let rule = 0; rule < count; rule++) {
      const at = this.at(slot, rule);
      const distinct = this.view.getUint32(at + this.offsets.distinct, true);
      const tripped = this.view.getUint32(at + this.offsets.tripped, true) !== 0;
      if (distinct > 0) trips.push({ rule, distinct, tripped });
    }
    return trips;
  }

  private at(slot: number, rule: number): number {
    return (slot * this.rules + rule) * this.stride;
  }
}
