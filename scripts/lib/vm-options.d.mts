import type { KernelVersion, VmRun } from './vm.mjs';

export const USAGE: string;

/** Reads the words after `npm run vm --`. */
export function readVmOptions(words: readonly string[]): (VmRun & { readonly kernel: KernelVersion }) | 'help';
