/** The native module as C++ exports it (native/), loaded at first use. Only the files beside this one speak to it. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AddonMissingError, KernelError } from './errors.js';
import type { RawLayout } from './layout.js';

export interface NativeMap {
  describe(): MapDescription;
  lookup(key: Uint8Array): Uint8Array | undefined;
  update(key: Uint8Array, value: Uint8Array, flags: number): void;
  delete(key: Uint8Array): boolean;
  nextKey(key: Uint8Array | undefined): Uint8Array | undefined;
  replaceInner(key: Uint8Array, inner: NativeMap): void;
  memory(): ArrayBuffer;
  pin(path: string): void;
  close(): void;
}

export interface MapDescription {
  name: string;
  type: string;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  fd: number;
  id: number;
}

export interface NativeLink {
  detach(): void;
  release(): void;
  pin(path: string): void;
  unpin(): void;
  readIterator(): Uint8Array;
}

export interface NativeObject {
  selectPrograms(names: readonly string[]): void;
  reuseMap(name: string, map: NativeMap): void;
  resizeMap(map: string, which: 'self' | 'inner', maxEntries: number, valueSize: number): void;
  setInitialBytes(section: string, offset: number, bytes: Uint8Array): void;
  layout(): RawLayout;
  load(): void;
  attach(program: string): NativeLink;
  map(name: string): NativeMap;
  testRun(
    program: string,
    context: Uint8Array | undefined,
    data: Uint8Array | undefined,
    repeat: number,
  ): { returnValue: number; durationNs: number; context?: Uint8Array };
  programInfo(program: string): {
    id: number;
    verifiedInstructions: number;
    runTimeNs: bigint;
    runCount: bigint;
    recursionMisses: bigint;
    tag: string;
  };
  pinProgram(program: string, path: string): void;
  close(): void;
}

export interface NativeBatch {
  bytes: ArrayBuffer;
  offsets: Uint32Array;
  lengths: Uint32Array;
  end: bigint;
}

export interface NativeRing {
  start(onBatch: (batch: NativeBatch) => void): void;
  stop(): Promise<void>;
  drain(): NativeBatch | undefined;
  acknowledge(position: bigint): void;
  look(): void;
  lag(): { produced: bigint; consumed: bigint; size: number; inFlight: number };
  close(): void;
}

export interface NativeModule {
  Object: new (path: string, logLevel: number) => NativeObject;
  Ring: new (map: NativeMap, batchBytes: number, batchRecords: number, batchesInFlight: number) => NativeRing;
  initialize(kernelError: typeof KernelError): void;
  openPinnedMap(path: string): NativeMap;
  createMap(
    type: string,
    name: string,
    keySize: number,
    valueSize: number,
    maxEntries: number,
    flags: number,
  ): NativeMap;
  openPinnedLink(path: string): NativeLink;
  unpin(path: string): boolean;
  lastLog(): string;
  peerCredentials(descriptor: number): { pid: number; uid: number; gid: number };
  openPidfd(pid: number): number;
  signalPidfd(descriptor: number, signal: number): void;
  sendDatagram(path: string, text: string): void;
  bootTimeNs(): bigint;
  possibleCpus(): number;
  libbpfVersion(): string;
}

/** The same from src/ and from dist/: both are one below the package. */
const ADDON_PATH = fileURLToPath(new URL('../../../build/Release/portcullis.node', import.meta.url));

let loaded: NativeModule | undefined;

/** @throws AddonMissingError */
export function native(): NativeModule {
  if (loaded === undefined) {
    try {
      const module = createRequire(import.meta.url)(ADDON_PATH) as NativeModule;
      module.initialize(KernelError);
      loaded = module;
    } catch (error) {
      throw new AddonMissingError(ADDON_PATH, error);
    }
  }
  return loaded;
}
