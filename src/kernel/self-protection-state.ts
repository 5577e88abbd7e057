/** What crosses the border of self-protection, by the layouts of its object: struct ps_state and struct ps_tamper of bpf/self_abi.h. */
import type { Layout, StructLayout } from './addon.js';
import { SessionError } from './errors.js';

const version = 1; // PS_ABI_VERSION

/** A file as the kernel knows it; device: major << 20 | minor. */
export interface SelfFile {
  inode: bigint;
  device: number;
}

/** What is kept, and by what the next agent is known. */
export interface SelfPlaces {
  /** The directory of pins; undefined: nothing is pinned. */
  pins?: {
    directory: SelfFile;
    /** Directories on the way to it: nothing is mounted over them. */
    covers: readonly SelfFile[];
    /** Ids of the mounts in which it lies. */
    mounts: readonly number[];
  };
  /** Of processes that see the host's mounts. */
  mountNamespace: number;
  /** Undefined: nobody is taken for a successor. */
  successor?: {
    launcher: SelfFile;
    /** Names of its control groups, the innermost first. */
    unit: readonly string[];
  };
}

/** An attempt on the agent or on what it keeps. */
export interface Tamper {
  /** Nanoseconds since boot. */
  time: bigint;
  /** When the process that tried it started, the same. */
  start: bigint;
  cgroup: bigint;
  /** Name of the kernel's hook that stopped it. */
  hook: string;
  outcome: 'refused' | 'unlocked';
  /** The signal, the resource limit, the id of a map or program; else 0. */
  detail: number;
  pid: number;
  ppid: number;
  uid: number;
  comm: string;
  parentComm: string;
}

/** A view of the state map, which the programs read. */
export class SelfState {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #fields: StructLayout['fields'];
  readonly #file: StructLayout;
  readonly #limits: { levels: number; name: number; places: number };

  /** Throws SessionError `layout`. */
  constructor(layout: Layout, memory: ArrayBuffer) {
    const own = layout.enumeration('ps_version').PS_ABI_VERSION;
    if (Number(own) !== version)
      throw new SessionError('layout', `self-protection speaks version ${own}, and this program version ${version}`);
    this.#view = new DataView(memory);
    this.#bytes = new Uint8Array(memory);
    this.#fields = layout.struct('ps_state').fields;
    this.#file = layout.struct('ps_file');
    const { PS_LEVELS, PS_NAME, PS_PLACES } = layout.enumeration('ps_limit');
    this.#limits = { levels: Number(PS_LEVELS), name: Number(PS_NAME), places: Number(PS_PLACES) };
  }

  /** 0: nobody has enrolled. */
  get agentPid(): number {
    return this.#view.getUint32(this.#at('agent') + 8, true); // behind the start
  }

  get isArmed(): boolean {
    return this.#view.getUint32(this.#at('armed'), true) !== 0;
  }

  set armed(armed: 0 | 1) {
    this.#view.setUint32(this.#at('armed'), armed, true);
  }

  set enrolling(pid: number) {
    this.#view.setUint32(this.#at('enrolling'), pid, true);
  }

  get epoch(): number {
    return this.#view.getUint32(this.#at('epoch'), true);
  }

  set epoch(epoch: number) {
    this.#view.setUint32(this.#at('epoch'), epoch, true);
  }

  /** Nanoseconds since boot. */
  get unlockedUntil(): bigint {
    return this.#view.getBigUint64(this.#at('unlocked_until'), true);
  }

  set unlockedUntil(time: bigint) {
    this.#view.setBigUint64(this.#at('unlocked_until'), time, true);
  }

  /** Throws RangeError for more than the kernel's tables hold. */
  write({ pins, mountNamespace, successor }: SelfPlaces): void {
    const { places, levels, name } = this.#limits;
    const { covers = [], mounts = [] } = pins ?? {};
    const unit = successor?.unit ?? [];
    const encoded = unit.map((part) => new TextEncoder().encode(part));
    if (covers.length > places || mounts.length > places || unit.length > levels)
      throw new RangeError(`more than ${places} directories or mounts, or more than ${levels} control groups`);
    if (encoded.some((part) => part.length >= name)) throw new RangeError(`a control group's name of ${name} bytes`);
    this.#view.setUint32(this.#at('mount_namespace'), mountNamespace, true);
    this.#writeFile(this.#at('pins'), pins?.directory);
    for (let place = 0; place < places; place++) {
      this.#writeFile(this.#at('covers') + place * this.#file.size, covers[place]);
      this.#view.setUint32(this.#at('mounts') + place * 4, mounts[place] ?? 0, true);
    }
    // not known while its unit is half written
    this.#writeFile(this.#at('launcher'), undefined);
    for (let level = 0; level < levels; level++) {
      const at = this.#at('unit') + level * name;
      this.#bytes.fill(0, at, at + name);
      this.#bytes.set(encoded[level] ?? new Uint8Array(), at);
    }
    this.#view.setUint32(this.#at('unit_levels'), unit.length, true);
    this.#writeFile(this.#at('launcher'), successor?.launcher);
  }

  #writeFile(at: number, file: SelfFile | undefined): void {
    this.#view.setUint32(at + this.#file.fields.get('device')!.offset, file?.device ?? 0, true);
    this.#view.setBigUint64(at + this.#file.fields.get('inode')!.offset, file?.inode ?? 0n, true);
  }

  #at(name: string): number {
    return this.#fields.get(name)!.offset;
  }
}

/** Names of enum ps_hook, by value. */
export function hookNames(layout: Layout): ReadonlyMap<number, string> {
  const prefix = 'PS_HOOK_';
  const members = Object.entries(layout.enumeration('ps_hook')).filter(([name]) => name.startsWith(prefix));
  return new Map(members.map(([name, value]) => [Number(value), name.slice(prefix.length).toLowerCase()]));
}

/** Bytes -> attempt; undefined for bytes that are none. */
export function tamperDecoder(layout: Layout): (bytes: Uint8Array) => Tamper | undefined {
  const { size, fields } = layout.struct('ps_tamper');
  const hooks = hookNames(layout);
  const at = (name: string) => fields.get(name)!.offset;
  return (bytes) => {
    if (bytes.byteLength < size) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const u32 = (name: string) => view.getUint32(at(name), true);
    const u64 = (name: string) => view.getBigUint64(at(name), true);
    const text = (name: string) => {
      const field = Buffer.from(bytes.subarray(at(name), at(name) + fields.get(name)!.size));
      return field.toString('utf8', 0, Math.max(0, field.indexOf(0)));
    };
    return {
      time: u64('time'),
      start: u64('start'),
      cgroup: u64('cgroup'),
      hook: hooks.get(u32('hook')) ?? 'unknown',
      outcome: u32('outcome') === 0 ? 'refused' : 'unlocked',
      detail: u32('detail'),
      pid: u32('pid'),
      ppid: u32('ppid'),
      uid: u32('uid'),
      comm: text('comm'),
      parentComm: text('parent_comm'),
    };
  };
}
