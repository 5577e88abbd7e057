/** What numbers in a record stand for: the rules of the image that decided. */
import type { Rule } from '../policy/ruleset.js';
import { limits } from './limits.js';

export interface ImageRule {
  readonly rule: Rule;
  /** The kernel's answer is only necessary; user space decides by the whole expression. */
  readonly decidedBy: 'kernel' | 'user-space';
}

/** One image as events need it. The index into `rules` is the rule's number in records. */
export interface EventImage {
  /** SHA-256 of its bytes, hexadecimal. */
  readonly hash: string;
  readonly rules: readonly ImageRule[];
  /** Rules about the end of a process: the kernel knows nothing of them. */
  readonly exitRules?: readonly ImageRule[];
}

/**
 * Images by generation. Records of an image may arrive after the next one is active, and records of a new image before
 * its activation has been heard of; the second is why `settled` exists.
 */
export class ImageHistory {
  readonly #images = new Map<bigint, EventImage>();
  #pending: Promise<void> | undefined;

  /** Runs an activation; records that arrive meanwhile wait for its end. */
  async during(activate: () => Promise<{ generation: bigint; image: EventImage }>): Promise<void> {
    let end = () => {};
    this.#pending = new Promise((resolve) => {
      end = resolve;
    });
    try {
      const { generation, image } = await activate();
      this.#images.set(generation, image);
      for (const old of this.#images.keys()) {
        if (this.#images.size <= limits.imageHistory.value) break;
        this.#images.delete(old);
      }
    } finally {
      this.#pending = undefined;
      end();
    }
  }

  /** Another account of an image that is known: what its rules are told to do has changed. */
  replace(generation: bigint, image: EventImage): void {
    if (this.#images.has(generation)) this.#images.set(generation, image);
  }

  /** Resolves when no activation is under way. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  image(generation: bigint): EventImage | undefined {
    return this.#images.get(generation);
  }
}
