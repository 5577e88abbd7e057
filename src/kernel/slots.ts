/** The slots that images lie in, and the state that says which of them decides. Memory shared with the kernel programs. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { header, ruleFlag, size } from '../compiler/image/layout.js';
import type { Abi } from './abi.js';
import { bootTimeNs } from './addon.js';
import { SessionError } from './errors.js';

/** Room behind an image, so that a load of 8 bytes at its last byte stays inside. Also in bpf/maps.h. */
export const imageSlack = 8;
/** How long a swap waits for decisions that still run in the slot it wants. */
const slotPatienceMs = 1000;

/** Numbers of struct pc_state that are 32 bits wide. */
type Setting = 'agent' | 'on_unseen' | 'canary_level' | 'cgroups_unknown' | 'breaker_limit';

export class ImageSlots {
  private readonly word: BigInt64Array;
  private readonly inside: BigInt64Array;
  private readonly images: Uint8Array;
  private readonly count: number;
  private readonly none: number;
  private readonly state: DataView;
  private readonly field: (name: string) => number;

  constructor(
    abi: Abi,
    state: ArrayBuffer,
    images: ArrayBuffer,
    private readonly capacity: number,
    before: 'nothing' | 'in-force' = 'nothing',
  ) {
    this.count = abi.number('pc_word', 'PC_SLOTS');
    this.none = abi.number('pc_word', 'PC_SLOT_NONE');
    const { fields } = abi.struct('pc_state');
    this.field = (name) => {
      const found = fields.get(name);
      if (!found) throw new SessionError('layout', `struct pc_state has no ${name}`);
      return found.offset;
    };
    this.state = new DataView(state);
    this.word = new BigInt64Array(state, this.field('word'), 1);
    this.inside = new BigInt64Array(state, this.field('inside'), this.count);
    this.images = new Uint8Array(images);
    // of what an earlier agent left, only the trial ends with it
    this.store({ active: before === 'in-force' ? this.active : undefined, shadow: undefined });
  }

  /** Slot of the image that decides. */
  get active(): number | undefined {
    return this.slotAt(0n);
  }

  set active(active: number | undefined) {
    this.store({ active, shadow: this.shadow });
  }

  /** Slot of the image that decides in shadow. */
  get shadow(): number | undefined {
    return this.slotAt(8n);
  }

  set shadow(shadow: number | undefined) {
    this.store({ active: this.active, shadow });
  }

  /** Neither image decides any more. */
  clear(): void {
    this.store({ active: undefined, shadow: undefined });
  }

  setting(name: Setting, value: number): void {
    this.state.setUint32(this.field(name), value, true);
  }

  settingOf(name: Setting): number {
    return this.state.getUint32(this.field(name), true);
  }

  /** Rules act in this cgroup and below it, at this depth under the root; undefined: everywhere. */
  limitTo(cgroup: { id: bigint; level: number } | undefined): void {
    // the level first: with an id it is read
    if (cgroup) this.setting('canary_level', cgroup.level);
    this.state.setBigUint64(this.field('canary'), cgroup?.id ?? 0n, true);
  }

  /** The image that decides, as it lies in the kernel, and its number. */
  inForce(): { image: Uint8Array; generation: bigint } | undefined {
    const slot = this.active;
    if (slot === undefined) return undefined;
    const from = slot * this.stride;
    const size = new DataView(this.images.buffer, this.images.byteOffset + from).getUint32(header.size, true);
    const generation = this.state.getBigUint64(this.field('generations') + slot * 8, true);
    return { image: this.images.slice(from, from + size), generation };
  }

  /** The highest number that an image has had. */
  lastGeneration(): bigint {
    let last = 0n;
    for (let slot = 0; slot < this.count; slot++) {
      const generation = this.state.getBigUint64(this.field('generations') + slot * 8, true);
      if (generation > last) last = generation;
    }
    return last;
  }

  beginEpoch(): void {
    const at = this.field('epoch');
    this.state.setBigUint64(at, this.state.getBigUint64(at, true) + 1n, true);
  }

  /** Writes an image into a slot in which no decision runs. Throws SessionError `no-free-slot`. */
  async put(image: Uint8Array, generation: bigint): Promise<number> {
    const slot = await this.free();
    this.images.set(image, slot * this.stride);
    this.state.setBigUint64(this.field('generations') + slot * 8, generation, true);
    this.state.setBigUint64(this.field('since') + slot * 8, bootTimeNs(), true);
    return slot;
  }

  /** Whether a rule of the active image acts or only reports, from the next decision on. */
  setMode(rule: number, mode: 'monitor' | 'enforce'): void {
    const slot = this.active;
    if (slot === undefined) throw new SessionError('no-image', 'no policy is in force');
    const image = new DataView(this.images.buffer, this.images.byteOffset + slot * this.stride, this.capacity);
    const count = image.getUint32(header.rules + 4, true);
    if (rule < 0 || rule >= count) throw new RangeError(`the image has ${count} rules, not ${rule + 1}`);
    const at = image.getUint32(header.rules, true) + rule * size.pc_rule;
    const flags = image.getUint8(at);
    image.setUint8(at, mode === 'enforce' ? flags | ruleFlag.enforce : flags & ~ruleFlag.enforce);
  }

  /** Resolves when no decision runs in a slot any more, or after a second. */
  async left(slot: number): Promise<void> {
    const deadline = performance.now() + slotPatienceMs;
    while (Atomics.load(this.inside, slot) !== 0n && performance.now() < deadline) await sleep(1);
  }

  private get stride(): number {
    return Math.ceil((this.capacity + imageSlack) / 8) * 8;
  }

  private slotAt(shift: bigint): number | undefined {
    const slot = Number((Atomics.load(this.word, 0) >> shift) & 0xffn);
    return slot === this.none ? undefined : slot;
  }

  /** One store flips both; the rest of the word changes each time, so that a program sees that something did. */
  private store({ active, shadow }: { active: number | undefined; shadow: number | undefined }): void {
    const changes = (Atomics.load(this.word, 0) >> 16n) + 1n;
    const word = BigInt(active ?? this.none) | (BigInt(shadow ?? this.none) << 8n) | (changes << 16n);
    Atomics.store(this.word, 0, BigInt.asIntN(64, word));
  }

  private async free(): Promise<number> {
    const deadline = performance.now() + slotPatienceMs;
    for (;;) {
      for (let slot = 0; slot < this.count; slot++)
        if (slot !== this.active && slot !== this.shadow && Atomics.load(this.inside, slot) === 0n) return slot;
      if (performance.now() > deadline)
        throw new SessionError(
          'no-free-slot',
          `decisions are still running in every spare image slot after ${slotPatienceMs} ms; the old policy stays in force`,
        );
      await sleep(1);
    }
  }
}

/** Numbers of the images that lie in the slots; `state` is the value of the map of that name. */
export function generationsOf(abi: Abi, state: Uint8Array): bigint[] {
  const at = abi.struct('pc_state').fields.get('generations')!.offset;
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  return Array.from({ length: abi.number('pc_word', 'PC_SLOTS') }, (_, slot) => view.getBigUint64(at + slot * 8, true));
}
