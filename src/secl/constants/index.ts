/** Named constants of expressions: values of the Linux system interface (generic numbers, as on x86-64). */
import { bpfConstants } from './bpf.js';
import { dnsConstants } from './dns.js';
import { errorNumbers } from './errors.js';
import { fileConstants } from './files.js';
import { memoryConstants } from './memory.js';
import { networkConstants } from './network.js';
import { capabilityBits, processConstants, signalNumbers } from './processes.js';
import type { ConstantTable } from './table.js';

const tables: readonly ConstantTable[] = [
  dnsConstants,
  errorNumbers,
  signalNumbers,
  fileConstants,
  processConstants,
  memoryConstants,
  networkConstants,
  bpfConstants,
];

/** By name: booleans and integers. */
export const constants: ReadonlyMap<string, boolean | bigint> = new Map<string, boolean | bigint>([
  ['true', true],
  ['false', false],
  ...tables.flatMap((table) => Object.entries(table).map(([name, value]): [string, bigint] => [name, BigInt(value)])),
  ...capabilityBits,
  ['AUDIT_AUID_UNSET', 0xffffffffn],
]);
