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

  /**
   * In a BPF file system, in one place at a time; the directory must exist.
   * @throws KernelError, EOPNOTSUPP or EINVAL for links that take no pin
   */
  pin(path: string): void {
    this.#native.pin(path);
  }

  /** The program stays attached, and can be pinned again. Does nothing where there is no pin any more. @throws KernelError */
  unpin(): void {
    this.#native.unpin();
  }

  /** Of an iterator program: runs it over all it walks, blocking meanwhile, and gives the bytes it wrote. @throws KernelError */
  readIterator(): Uint8Array {
    return this.#native.readIterator();
  }
}
