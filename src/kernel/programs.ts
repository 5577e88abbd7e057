/**
 * One loaded set of kernel programs with its maps: slots for images of one capacity, the state word, the rings. A larger image needs a
 * set of a larger capacity; the session brings it up beside the old one.
 */
import { performance } from 'node:perf_hooks';
import { event, header } from '../compiler/image/layout.js';
import { type Abi, readAbi } from './abi.js';
import { type BpfMap, BpfObject, bootTimeNs, type Link, type OpenOptions, possibleCpus, Ring } from './addon.js';
import { Guards } from './guards.js';
import { type AncestrySource, restoreLineage } from './lineage.js';
import { ImageSlots, imageSlack } from './slots.js';
import type { Tier } from './tiers.js';
import type { Activation, RingName } from './types.js';

/** Programs of bpf/exec.bpf.c that are attached while an image wants them. */
const exitProgram = 'report_exit';
const forkProgram = 'inherit';
const restoreProgram = 'restore';

/** Maps that the shadow's programs share with the others. */
const sharedMaps = [
  'images',
  'state',
  'counters',
  'sequence',
  'verdicts',
  'reports',
  'scratches',
  'execs',
  'shadow_execs',
  'scripts',
  'shadow_scripts',
  'cgroups',
  'lineages',
  'ancestries',
  'established',
  'guards',
  'trips',
  'protected_files',
] as const;

export const smallestCapacity = 1 << 20;
/** Kernel memory is slots x capacity. */
export const largestCapacity = 1 << 26;
/** Scratch memories beside one for each CPU: for programs that were preempted, or sleep until a page is back. */
const spareScratches = 96;

/** Nobody knows what processes were. */
const untold: AncestrySource = () => undefined;

/** Capacity for an image: the next power of two. Bytes. */
export function capacityFor(bytes: number): number {
  let capacity = smallestCapacity;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}

export class ProgramSet {
  readonly abi: Abi;
  readonly rings: ReadonlyMap<RingName, Ring>;
  readonly slots: ImageSlots;
  readonly guards: Guards;
  private readonly links: Link[] = [];
  private exitLink: Link | undefined;
  private forkLink: Link | undefined;
  private shadowLinks: Link[] = [];
  private shadowObject: BpfObject | undefined;

  private constructor(
    readonly object: BpfObject,
    readonly tier: Tier,
    readonly capacity: number,
    private readonly path: string,
    private readonly options: Pick<OpenOptions, 'rodata' | 'maps'>,
  ) {
    this.abi = readAbi(object.layout());
    this.slots = new ImageSlots(this.abi, object.map('state').mmap(), object.map('images').mmap(), capacity);
    this.guards = new Guards(this.abi, object.map('guards'));
    this.rings = new Map([
      ['verdicts', Ring.open(object.map('verdicts'))],
      ['reports', Ring.open(object.map('reports'))],
    ]);
  }

  /** Opens and loads; attaches nothing. Throws what the addon throws: KernelError with the verifier's log. */
  static load(path: string, tier: Tier, capacity: number, agentPid: number): ProgramSet {
    const scratches = possibleCpus() + spareScratches;
    const options = {
      rodata: { image_mask: capacity - 1, scratch_count: scratches },
      maps: { images: { valueSize: capacity + imageSlack }, scratches: { maxEntries: scratches } },
    };
    const object = BpfObject.open(path, {
      ...options,
      programs: [...tier.programs, exitProgram, forkProgram, restoreProgram],
    });
    try {
      object.load();
      const set = new ProgramSet(object, tier, capacity, path, options);
      set.slots.setting('agent', agentPid);
      return set;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  attach(): void {
    for (const program of this.tier.programs) this.links.push(this.object.attach(program));
  }

  /** Last attached, first detached: the check for unseen execs goes before what it checks. */
  detach(): void {
    this.detachShadow();
    for (let link = this.links.pop(); link; link = this.links.pop()) link.detach();
    this.exitLink?.detach();
    this.exitLink = undefined;
    this.forkLink?.detach();
    this.forkLink = undefined;
  }

  /**
   * Puts the image into a slot in which no decision runs and makes it the active one. An image with lineage is the shadow first, until
   * every live process has its lineage. Throws SessionError `no-free-slot`.
   */
  async activate(
    image: Uint8Array,
    generation: bigint,
    { source = untold, since = [] }: { source?: AncestrySource; since?: readonly bigint[] } = {},
  ): Promise<Activation> {
    const begin = performance.now();
    const slot = await this.slots.put(image, generation);
    this.guards.arm(slot, headerNumber(image, header.rules + 4), since, bootTimeNs());
    const withLineage = hasLineage(image);
    let orphans = 0;
    if (withLineage) {
      this.attachShadow();
      this.followForks();
      this.slots.shadow = slot;
      orphans = await this.restore(source);
    }
    await this.become(slot, image);
    return { generation, slot, milliseconds: performance.now() - begin, imageBytes: image.byteLength, orphans };
  }

  /** Puts the image into a slot and lets it decide as the shadow: said and counted, never done. */
  async stage(image: Uint8Array, generation: bigint, source = untold): Promise<Activation> {
    const begin = performance.now();
    this.dropShadow();
    const slot = await this.slots.put(image, generation);
    this.attachShadow();
    if (hasLineage(image)) this.followForks();
    this.slots.shadow = slot;
    const orphans = hasLineage(image) ? await this.restore(source) : 0;
    return { generation, slot, milliseconds: performance.now() - begin, imageBytes: image.byteLength, orphans };
  }

  /** The shadow becomes the active image. `image`: what was staged. */
  async promote(image: Uint8Array, since: readonly bigint[] = []): Promise<void> {
    const slot = this.slots.shadow;
    if (slot === undefined) return;
    this.guards.arm(slot, headerNumber(image, header.rules + 4), since, bootTimeNs());
    await this.become(slot, image);
  }

  dropShadow(): void {
    this.slots.shadow = undefined;
    this.detachShadow();
  }

  map(name: string): BpfMap {
    return this.object.map(name);
  }

  close(): void {
    this.detach();
    for (const ring of this.rings.values()) ring.close();
    this.shadowObject?.close();
    this.object.close();
  }

  /** Whoever runs as the shadow meanwhile goes on until nobody decides by the image that was active. */
  private async become(slot: number, image: Uint8Array): Promise<void> {
    const before = this.slots.active;
    this.slots.active = slot;
    if (this.slots.shadow !== undefined) {
      if (before !== undefined) await this.slots.left(before);
      this.dropShadow();
    }
    this.watchExits(image);
    if (!hasLineage(image)) {
      this.forkLink?.detach();
      this.forkLink = undefined;
    }
  }

  private restore(source: AncestrySource): Promise<number> {
    const link = this.object.attach(restoreProgram);
    return restoreLineage({ link, map: this.map('ancestries'), abi: this.abi }, source).finally(() => link.detach());
  }

  /** What tasks noted before forks were followed is void: they may have executed anything since. */
  private followForks(): void {
    if (this.forkLink) return;
    this.slots.beginEpoch();
    this.forkLink = this.object.attach(forkProgram);
  }

  private attachShadow(): void {
    if (this.shadowLinks.length > 0) return;
    this.shadowObject ??= this.loadShadow();
    for (const program of this.tier.shadowPrograms) this.shadowLinks.push(this.shadowObject.attach(program));
  }

  private detachShadow(): void {
    for (const link of this.shadowLinks.splice(0)) link.detach();
  }

  /** Only now: verifying them is most of what starting an agent costs, and few need them. */
  private loadShadow(): BpfObject {
    const object = BpfObject.open(this.path, {
      rodata: this.options.rodata!,
      programs: this.tier.shadowPrograms,
      reuse: Object.fromEntries(sharedMaps.map((name) => [name, this.map(name)])),
    });
    try {
      object.load();
    } catch (error) {
      object.close();
      throw error;
    }
    return object;
  }

  private watchExits(image: Uint8Array): void {
    const wanted = headerNumber(image, header.events) & event.exit;
    if (wanted && !this.exitLink) this.exitLink = this.object.attach(exitProgram);
    if (!wanted && this.exitLink) {
      this.exitLink.detach();
      this.exitLink = undefined;
    }
  }
}

function headerNumber(image: Uint8Array, offset: number): number {
  return new DataView(image.buffer, image.byteOffset).getUint32(offset, true);
}

function hasLineage(image: Uint8Array): boolean {
  return headerNumber(image, header.lineage_words) > 0;
}
