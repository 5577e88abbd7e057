/**
 * One loaded set of kernel programs with its maps: slots for images of one capacity, the state word, the rings. A larger image needs a
 * set of a larger capacity; the session brings it up beside the old one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { event, header } from '../compiler/image/layout.js';
import { type Abi, readAbi } from './abi.js';
import { type BpfMap, BpfObject, bootTimeNs, type Link, type OpenOptions, possibleCpus, Ring } from './addon.js';
import { directMap } from './direct-map.js';
import { copyEntries } from './growing.js';
import { Guards } from './guards.js';
import { type AncestrySource, restoreLineage } from './lineage.js';
import { PinnedSet } from './pins.js';
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
/** A task's storage is not to be had while another program on its CPU is busy with one, which is over in no time. */
const mostPasses = 100;

/** Capacity for an image: the next power of two. Bytes. */
export function capacityFor(bytes: number): number {
  let capacity = smallestCapacity;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}

function rodataFor(capacity: number, scratches: number): NonNullable<OpenOptions['rodata']> {
  const { start, mask } = directMap();
  return { image_mask: capacity - 1, scratch_count: scratches, direct_map: start, physical_mask: mask };
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
  private home: PinnedSet | undefined;

  private constructor(
    readonly object: BpfObject,
    readonly tier: Tier,
    readonly capacity: number,
    private readonly path: string,
    private readonly options: Pick<OpenOptions, 'rodata' | 'maps'>,
    before: 'nothing' | 'in-force' = 'nothing',
  ) {
    this.abi = readAbi(object.layout());
    this.slots = new ImageSlots(this.abi, object.map('state').mmap(), object.map('images').mmap(), capacity, before);
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
      rodata: rodataFor(capacity, scratches),
      maps: { images: { valueSize: capacity + imageSlack }, scratches: { maxEntries: scratches } },
    };
    const object = BpfObject.open(path, {
      ...options,
      programs: programsOf(tier),
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

  /**
   * The programs of this object on the maps of a set that an earlier agent left, beside its programs and then instead of them: there is
   * no moment without either. Throws what the addon throws, and then nothing has changed.
   */
  static adopt(path: string, tier: Tier, home: PinnedSet, agentPid: number): ProgramSet {
    const { capacity, scratches } = home.record;
    const rodata = rodataFor(capacity, scratches);
    const reuse = Object.fromEntries(sharedMaps.map((name) => [name, home.map(name)]));
    const object = BpfObject.open(path, { rodata, programs: programsOf(tier), reuse });
    for (const map of Object.values(reuse)) map.close();
    let set: ProgramSet | undefined;
    try {
      object.load();
      set = new ProgramSet(object, tier, capacity, path, { rodata }, 'in-force');
      set.home = home;
      set.attach();
      if (home.hadLink(forkProgram)) set.forkLink = set.attachOne(forkProgram);
      if (home.hadLink(exitProgram)) set.exitLink = set.attachOne(exitProgram);
    } catch (error) {
      if (set) set.detach();
      object.close();
      throw error;
    }
    set.slots.setting('agent', agentPid);
    home.dropEarlierLinks();
    return set;
  }

  /** What another agent must agree on to work with these maps. Hexadecimal. */
  get layout(): string {
    const shapes = sharedMaps.map((name) => {
      const { type, keySize, valueSize, maxEntries } = this.map(name);
      // these two are sized by the one who loads
      return name === 'images' || name === 'scratches' ? [name, type] : [name, type, keySize, valueSize, maxEntries];
    });
    const scratch = this.map('scratches').valueSize;
    const record = [...this.abi.record.fields].map(([name, { offset, size }]) => [name, offset, size]);
    const version = this.abi.number('pc_version', 'PC_ABI_VERSION');
    return createHash('sha256')
      .update(JSON.stringify([version, shapes, scratch, record]))
      .digest('hex');
  }

  get isPinned(): boolean {
    return this.home !== undefined;
  }

  /** What is attached stays attached from now on, whatever becomes of the agent. Throws KernelError, and then nothing is pinned. */
  pin(directory: string): void {
    const record = {
      layout: this.layout,
      object: createHash('sha256').update(readFileSync(this.path)).digest('hex'),
      tier: this.tier.name,
      capacity: this.capacity,
      scratches: this.map('scratches').maxEntries,
    };
    const home = PinnedSet.begin(directory, record, new Map(sharedMaps.map((name) => [name, this.map(name)])));
    try {
      this.links.forEach((link, index) => {
        home.pinLink(this.tier.programs[index]!, link);
      });
      if (this.exitLink) home.pinLink(exitProgram, this.exitLink);
      if (this.forkLink) home.pinLink(forkProgram, this.forkLink);
      home.complete();
    } catch (error) {
      home.remove();
      throw error;
    }
    this.home = home;
  }

  /** Lets go of the programs without ending them. Only where they are pinned. */
  leave(): void {
    this.dropShadow();
    for (const link of this.links.splice(0)) link.release();
    this.exitLink?.release();
    this.forkLink?.release();
    this.exitLink = undefined;
    this.forkLink = undefined;
    this.home = undefined;
  }

  /** What is in the middle of an exec by now is decided, too. */
  attach(): void {
    for (const program of this.tier.programs) this.links.push(this.attachOne(program));
    if (this.tier.afterwards === undefined) return;
    const link = this.object.attach(this.tier.afterwards);
    let passes = 0;
    do passes += 1;
    while (link.readIterator().length > 0 && passes < mostPasses);
    link.detach();
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
    {
      source,
      since = [],
      breakers,
    }: { source?: AncestrySource; since?: readonly bigint[]; breakers?: Uint8Array } = {},
  ): Promise<Activation> {
    const begin = performance.now();
    const slot = await this.slots.put(image, generation);
    let orphans = 0;
    try {
      if (breakers) this.guards.goOn(slot, breakers);
      else this.guards.arm(slot, headerNumber(image, header.rules + 4), since, bootTimeNs());
      if (hasLineage(image)) orphans = await this.shadowWithLineage(slot, source);
      await this.become(slot, image);
    } catch (error) {
      this.refused(slot);
      throw error;
    }
    return { generation, slot, milliseconds: performance.now() - begin, imageBytes: image.byteLength, orphans };
  }

  /**
   * The image that decides in another set decides here as well, as it is there: by its number, with the modes of its rules and what their
   * breakers know. Without one nothing does.
   */
  async goOnFrom(other: ProgramSet, source?: AncestrySource): Promise<void> {
    const slot = other.slots.active;
    const inForce = other.slots.inForce();
    if (slot === undefined || inForce === undefined) return;
    const { image, generation } = inForce;
    this.slots.setting('on_unseen', other.slots.settingOf('on_unseen'));
    copyEntries('trips', other, this);
    const breakers = other.guards.state(slot, headerNumber(image, header.rules + 4));
    await this.activate(image, generation, { breakers, ...(source && { source }) });
  }

  /** Puts the image into a slot and lets it decide as the shadow: said and counted, never done. */
  async stage(image: Uint8Array, generation: bigint, source?: AncestrySource): Promise<Activation> {
    const begin = performance.now();
    this.dropShadow();
    const slot = await this.slots.put(image, generation);
    let orphans = 0;
    try {
      if (hasLineage(image)) orphans = await this.shadowWithLineage(slot, source);
      else this.shadow(slot);
    } catch (error) {
      this.refused(slot);
      throw error;
    }
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

  /** Nothing decides in shadow any more. */
  endTrial(): void {
    this.dropShadow();
    const inForce = this.slots.inForce();
    if (inForce === undefined || !hasLineage(inForce.image)) this.unfollowForks();
  }

  map(name: string): BpfMap {
    return this.object.map(name);
  }

  close(): void {
    this.detach();
    for (const ring of this.rings.values()) ring.close();
    this.shadowObject?.close();
    this.object.close();
    this.home?.remove();
    this.home = undefined;
  }

  private attachOne(program: string): Link {
    const link = this.object.attach(program);
    this.home?.pinLink(program, link);
    return link;
  }

  private shadow(slot: number): void {
    this.attachShadow();
    this.slots.shadow = slot;
  }

  /** Resolves when every live process has its lineage, to how many are left without. */
  private async shadowWithLineage(slot: number, source: AncestrySource | undefined): Promise<number> {
    this.attachShadow();
    this.followForks();
    this.slots.shadow = slot;
    return await this.restore(source);
  }

  /** The image in this slot did not come as far as it was to: all is as if it had never been. The trial of another one goes on. */
  private refused(slot: number): void {
    const trial = this.slots.shadow;
    if (trial === undefined || trial === slot) this.endTrial();
  }

  /** Whoever runs as the shadow meanwhile goes on until nobody decides by the image that was active. */
  private async become(slot: number, image: Uint8Array): Promise<void> {
    const before = this.slots.active;
    // what may fail comes first: once the slot is active it decides
    if (reportsExits(image)) this.exitLink ??= this.attachOne(exitProgram);
    this.slots.active = slot;
    if (this.slots.shadow !== undefined) {
      if (before !== undefined) await this.slots.left(before);
      this.dropShadow();
    }
    if (!reportsExits(image)) this.unwatchExits();
    if (!hasLineage(image)) this.unfollowForks();
  }

  private restore(source: AncestrySource | undefined): Promise<number> {
    const link = this.object.attach(restoreProgram);
    return restoreLineage({ link, map: this.map('ancestries'), abi: this.abi }, source).finally(() => link.detach());
  }

  /** What tasks noted before forks were followed is void: they may have executed anything since. */
  private followForks(): void {
    if (this.forkLink) return;
    this.slots.beginEpoch();
    this.forkLink = this.attachOne(forkProgram);
  }

  /** No image notes what tasks execute, so who follows forks again begins anew. */
  private unfollowForks(): void {
    this.forkLink?.detach();
    this.forkLink = undefined;
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

  private unwatchExits(): void {
    this.exitLink?.detach();
    this.exitLink = undefined;
  }
}

function programsOf({ programs, afterwards }: Tier): string[] {
  return [...programs, ...(afterwards === undefined ? [] : [afterwards]), exitProgram, forkProgram, restoreProgram];
}

function headerNumber(image: Uint8Array, offset: number): number {
  return new DataView(image.buffer, image.byteOffset).getUint32(offset, true);
}

function hasLineage(image: Uint8Array): boolean {
  return headerNumber(image, header.lineage_words) > 0;
}

function reportsExits(image: Uint8Array): boolean {
  return (headerNumber(image, header.events) & event.exit) !== 0;
}
