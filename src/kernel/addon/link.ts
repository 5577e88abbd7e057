/** Attachments of programs. */
import { type NativeLink, native } from './native.js';

/**
 * Stays attached until detach() or the end of the process, whichever is first; a pin keeps it beyond that. Losing the last
 * reference does not detach.
 */
export class Link {
  readonly #native: NativeLink;

  private constructor(link: NativeLink) {
    this.#native = link;
  }

  /** @internal */
  static of(link: NativeLink): Link {
    return new Link(link);
  }

  /** @throws KernelError */
  static openPinned(path: string): Link {
    return new Link(native().openPinnedLink(path));
  }

  /** The program no longer runs through this link; its pin goes as well. Does nothing the second time. @throws KernelError */
  detach(): void {
    this.#native.detach();
  }

  /** This process lets go. Pinned, the program stays attached; else this is detach(). @throws KernelError */
  release(): void {
    this.#native.release();
  }

  /** In a BPF file system; the directory must exist. @throws KernelError, EOPNOTSUPP or EINVAL where the link has no pin */
  pin(path: string): void {
    this.#native.pin(path);
  }

  /** @throws KernelError */
  unpin(): void {
    this.#native.unpin();
  }

  /** Of an iterator program: runs it over all it walks, blocking meanwhile, and gives the bytes it wrote. @throws KernelError */
  readIterator(): Uint8Array {
    return this.#native.readIterator();
  }
}
