/**
 * One loaded set of kernel programs with its maps: slots for images of one capacity, the state word, the rings. A larger image needs a
 * set of a larger capacity; the session brings it up beside the old one.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { event, header } from '../compiler/image/layout.js';
import { type Abi, readAbi } from './abi.js';
import { type BpfMap, BpfObject, type Link, possibleCpus, Ring } from './addon.js';
import { SessionError } from './errors.js';
import type { Tier } from './tiers.js';
import type { Activation, RingName } from './types.js';

/** Reports the end of processes; attached while an image wants it. */
const exitProgram = 'report_exit';

/** Room behind an image, so that a load of 8 bytes at its last byte stays inside. Also in bpf/maps.h. */
const imageSlack = 8;
export const smallestCapacity = 1 << 20;
/** Kernel memory is slots x capacity. */
export const largestCapacity = 1 << 26;
/** Scratch memories beside one for each CPU: for programs that were preempted, or sleep until a page is back. */
const spareScratches = 32;
/** How long a swap waits for decisions that still run in the slot it wants. */
const slotPatienceMs = 1000;

/** Capacity for an image: the next power of two. Bytes. */
export function capacityFor(bytes: number): number {
  let capacity = smallestCapacity;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}

export class ProgramSet {
  readonly abi: Abi;
  readonly rings: ReadonlyMap<RingName, Ring>;
  private readonly links: Link[] = [];
  private exitLink: Link | undefined;
  private readonly stateWord: BigInt64Array;
  private readonly inside: BigInt64Array;
  private readonly state: DataView;
  private readonly images: Uint8Array;
  private readonly slots: number;
  private readonly none: number;

  private constructor(
    readonly object: BpfObject,
    readonly tier: Tier,
    readonly capacity: number,
  ) {
    this.abi = readAbi(object.layout());
    this.slots = this.abi.number('pc_word', 'PC_SLOTS');
    this.none = this.abi.number('pc_word', 'PC_SLOT_NONE');
    const state = object.map('state').mmap();
    const layout = this.abi.struct('pc_state').fields;
    this.state = new DataView(state);
    this.stateWord = new BigInt64Array(state, layout.get('word')!.offset, 1);
    this.inside = new BigInt64Array(state, layout.get('inside')!.offset, this.slots);
    this.images = new Uint8Array(object.map('images').mmap());
    Atomics.store(this.stateWord, 0, this.word(this.none, 0n));
    this.rings = new Map([
      ['verdicts', Ring.open(object.map('verdicts'))],
      ['reports', Ring.open(object.map('reports'))],
    ]);
  }

  /** Opens and loads; attaches nothing. Throws what the addon throws: KernelError with the verifier's log. */
  static load(path: string, tier: Tier, capacity: number, agentPid: number): ProgramSet {
    const scratches = possibleCpus() + spareScratches;
    const object = BpfObject.open(path, {
      programs: [...tier.programs, exitProgram],
      rodata: { image_mask: capacity - 1, scratch_count: scratches },
      maps: { images: { valueSize: capacity + imageSlack }, scratches: { maxEntries: scratches } },
    });
    try {
      object.load();
      const set = new ProgramSet(object, tier, capacity);
      set.state.setUint32(set.abi.struct('pc_state').fields.get('agent')!.offset, agentPid, true);
      return set;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  get generation(): bigint {
    return Atomics.load(this.stateWord, 0) >> 16n;
  }

  get activeSlot(): number | undefined {
    const slot = Number(Atomics.load(this.stateWord, 0) & 0xffn);
    return slot === this.none ? undefined : slot;
  }

  set unseenIsKilled(kill: boolean) {
    this.state.setUint32(this.abi.struct('pc_state').fields.get('on_unseen')!.offset, kill ? 1 : 0, true);
  }

  attach(): void {
    for (const program of this.tier.programs) this.links.push(this.object.attach(program));
  }

  /** Last attached, first detached: the check for unseen execs goes before what it checks. */
  detach(): void {
    for (let link = this.links.pop(); link; link = this.links.pop()) link.detach();
    this.exitLink?.detach();
    this.exitLink = undefined;
  }

  /** Puts the image into a slot in which no decision runs and flips the word. Throws SessionError `no-free-slot`. */
  async activate(image: Uint8Array, generation: bigint): Promise<Activation> {
    const begin = performance.now();
    const slot = await this.freeSlot();
    const stride = Math.ceil((this.capacity + imageSlack) / 8) * 8;
    this.images.set(image, slot * stride);
    Atomics.store(this.stateWord, 0, this.word(slot, generation));
    this.watchExits(image);
    return { generation, slot, milliseconds: performance.now() - begin, imageBytes: image.byteLength };
  }

  release(): void {
    Atomics.store(this.stateWord, 0, this.word(this.none, this.generation));
  }

  map(name: string): BpfMap {
    return this.object.map(name);
  }

  close(): void {
    this.detach();
    for (const ring of this.rings.values()) ring.close();
    this.object.close();
  }

  private watchExits(image: Uint8Array): void {
    const wanted = new DataView(image.buffer, image.byteOffset).getUint32(header.events, true) & event.exit;
    if (wanted && !this.exitLink) this.exitLink = this.object.attach(exitProgram);
    if (!wanted && this.exitLink) {
      this.exitLink.detach();
      this.exitLink = undefined;
    }
  }

  private word(slot: number, generation: bigint): bigint {
    return BigInt(slot) | (BigInt(this.none) << 8n) | (generation << 16n);
  }

  private async freeSlot(): Promise<number> {
    const active = this.activeSlot;
    const deadline = performance.now() + slotPatienceMs;
    for (;;) {
      for (let slot = 0; slot < this.slots; slot++)
        if (slot !== active && Atomics.load(this.inside, slot) === 0n) return slot;
      if (performance.now() > deadline)
        throw new SessionError(
          'no-free-slot',
          `decisions are still running in every spare image slot after ${slotPatienceMs} ms; the old policy stays in force`,
        );
      await sleep(1);
    }
  }
}
