/** What an image on trial would have done to programs that this host ran before, from the records of the kernel. */
import type { EventImage } from '../events/image.js';
import type { KernelRecord } from '../kernel/types.js';
import type { WouldActOn } from '../rollout/follower/guard.js';
import { showBytes } from '../secl/bytes.js';
import { limits } from './limits.js';

export class ShadowWatch {
  #image: EventImage | undefined;
  #generation: bigint | undefined;
  #decisions = 0n;
  /** By device and inode. */
  readonly #established = new Map<string, string>();

  /** Counts from now on what the image of this generation would do. */
  begin(image: EventImage, generation: bigint): void {
    this.end();
    this.#image = image;
    this.#generation = generation;
  }

  end(): void {
    this.#image = undefined;
    this.#generation = undefined;
    this.#decisions = 0n;
    this.#established.clear();
  }

  /** Records on their way to the log; those of other images are none of its business. */
  see(records: readonly KernelRecord[]): void {
    for (const record of records) {
      if (record.generation !== this.#generation || !this.#wouldAct(record)) continue;
      this.#decisions++;
      const { established, device, inode, path, name } = record;
      const key = `${device}:${inode}`;
      if (!established || this.#established.size >= limits.establishedPrograms.value) continue;
      if (!this.#established.has(key)) this.#established.set(key, showBytes(path ?? name ?? key));
    }
  }

  get found(): WouldActOn {
    const names = [...this.#established.values()];
    return { established: names.length, names, decisions: this.#decisions };
  }

  /** Where the kernel only narrows down it does not act, so that is no reason to refuse a policy. */
  #wouldAct({ shadow, verdict, rules }: KernelRecord): boolean {
    if (!shadow || verdict !== 'would') return false;
    return rules.some((number) => this.#image?.rules[number]?.decidedBy === 'kernel');
  }
}
