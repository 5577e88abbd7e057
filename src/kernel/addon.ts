/** The typed face of the addon over libbpf (native/): objects, maps, links, rings, layouts. It knows nothing of policies. */
import { native } from './addon/native.js';

export type { ConstantValue } from './addon/constants.js';
export { AddonMissingError, KernelError } from './addon/errors.js';
export {
  type FieldLayout,
  Layout,
  LayoutError,
  type StructLayout,
  type TypeLayout,
  type VariableLayout,
} from './addon/layout.js';
export { Link } from './addon/link.js';
export { BpfMap, type CreateOptions, type UpdateMode, unpin } from './addon/map.js';
export {
  BpfObject,
  type MapSize,
  type OpenOptions,
  type ProgramInfo,
  type TestRunOptions,
  type TestRunResult,
} from './addon/object.js';
export { ProcessHandle } from './addon/process-handle.js';
export { RING_LIMITS, Ring, RingBatch, type RingLag, type RingOptions } from './addon/ring.js';

/** Nanoseconds since boot, suspended time included: the clock of bpf_ktime_get_boot_ns(). */
export function bootTimeNs(): bigint {
  return native().bootTimeNs();
}

/**
 * One message to a local datagram socket, without waiting. A path that begins with @ is an abstract name.
 * @throws KernelError `ENOENT`, `ECONNREFUSED` or `EAGAIN` when nobody takes it
 */
export function sendDatagram(path: string, text: string): void {
  native().sendDatagram(path, text);
}

/** Who is at the other end of a local stream socket, as it was when it connected. */
export interface PeerCredentials {
  /** In the agent's pid namespace; 0 where it has none there. */
  pid: number;
  uid: number;
  gid: number;
}

/** @throws KernelError `ENOTSOCK` or `EBADF` when the descriptor is no socket */
export function peerCredentials(descriptor: number): PeerCredentials {
  return native().peerCredentials(descriptor);
}

/** CPUs that can ever be on line: the number of values in an entry of a per-CPU map. */
export function possibleCpus(): number {
  return native().possibleCpus();
}

/** Of the shared library that was found at run time, as 'v1.1'. */
export function libbpfVersion(): string {
  return native().libbpfVersion();
}
