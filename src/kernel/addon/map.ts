/** BPF maps. Keys and values are bytes in the kernel's own layout. */
import { type MapDescription, type NativeMap, native } from './native.js';

/** `create` refuses a key that exists (EEXIST), `existing` one that does not (ENOENT). */
export type UpdateMode = 'any' | 'create' | 'existing';

const UPDATE_FLAGS: Record<UpdateMode, number> = { any: 0, create: 1, existing: 2 };

export interface CreateOptions {
  /** The kernel's name in lower case, as 'array' or 'ringbuf'. */
  type: string;
  name: string;
  /** Bytes. 0 for ring buffers, as is valueSize. */
  keySize: number;
  valueSize: number;
  maxEntries: number;
  /** BPF_F_*, from <linux/bpf.h>. */
  flags?: number;
}

/**
 * A handle on a map, independent of the object it came from: the kernel keeps the map while a handle, a program or a pin holds
 * it. A handle that is not closed goes when it is collected.
 */
export class BpfMap {
  /** As the kernel has it, 15 characters at most: of '.bss' and the like with the object's name before it. */
  readonly name: string;
  readonly type: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly id: number;
  readonly #native: NativeMap;

  private constructor(map: NativeMap, description: MapDescription) {
    this.#native = map;
    this.name = description.name;
    this.type = description.type;
    this.keySize = description.keySize;
    this.valueSize = description.valueSize;
    this.maxEntries = description.maxEntries;
    this.id = description.id;
  }

  /** @internal */
  static of(map: NativeMap): BpfMap {
    return new BpfMap(map, map.describe());
  }

  /** @internal */
  static nativeOf(map: BpfMap): NativeMap {
    return map.#native;
  }

  /** @throws KernelError */
  static openPinned(path: string): BpfMap {
    return BpfMap.of(native().openPinnedMap(path));
  }

  /** A map that belongs to no object, for instance one more inner map. @throws KernelError, TypeError for an unknown type */
  static create(options: CreateOptions): BpfMap {
    const { type, name, keySize, valueSize, maxEntries, flags = 0 } = options;
    return BpfMap.of(native().createMap(type, name, keySize, valueSize, maxEntries, flags));
  }

  /** Of this process, good until close(). */
  get fd(): number {
    return this.#native.describe().fd;
  }

  /** undefined: no such key. Per-CPU maps: the values of all possible CPUs in a row, each padded to 8 bytes. @throws KernelError */
  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#native.lookup(key);
  }

  /** The value of a per-CPU map as lookup() gives it. @throws KernelError */
  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = 'any'): void {
    this.#native.update(key, value, UPDATE_FLAGS[mode]);
  }

  /** false: no such key. @throws KernelError, for arrays EINVAL */
  delete(key: Uint8Array): boolean {
    return this.#native.delete(key);
  }

  /** Keys at the time of each step: one that is deleted while walking may make a hash start anew. @throws KernelError */
  *keys(): Generator<Uint8Array, void> {
    let key = this.#native.nextKey(undefined);
    while (key !== undefined) {
      yield key;
      key = this.#native.nextKey(key);
    }
  }

  /**
   * Of an array or hash of maps. Blocks the JavaScript thread while the kernel waits for running programs, 8 to 30 ms.
   * @throws KernelError, EINVAL when the map does not have the shape of the others
   */
  replaceInner(key: Uint8Array, inner: BpfMap): void {
    this.#native.replaceInner(key, inner.#native);
  }

  /**
   * The values of an array with BPF_F_MMAPABLE, each padded to 8 bytes: reads and writes go straight to the kernel, and
   * Atomics on it order them. Each call maps anew; a mapping lives as long as its buffer, closed map or not. Do not transfer the
   * buffer to a worker.
   * @throws KernelError, TypeError for any other map
   */
  mmap(): ArrayBuffer {
    return this.#native.memory();
  }

  /** In a BPF file system; the directory must exist. Undone by unpin(path). @throws KernelError */
  pin(path: string): void {
    this.#native.pin(path);
  }

  close(): void {
    this.#native.close();
  }
}

/** Removes a pin of a map, program or link; false: there was none. Never touches a file of another kind. @throws KernelError */
export function unpin(path: string): boolean {
  return native().unpin(path);
}
