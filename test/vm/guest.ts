// What tests in virtual machines share.
import { describe } from 'vitest';
import {
  explainFailure,
  KERNELS,
  type KernelVersion,
  runInVm,
  type VmResult,
  type VmRun,
} from '../../scripts/lib/vm.mjs';

export { type KernelVersion, runInVm, type VmResult, type VmRun };

/** Where the guest has the programs of test/vm/programs. */
export const PROGRAMS = '/usr/lib/portcullis/programs';

/** Declares the same tests for every kernel. */
export function onEachKernel(body: (kernel: KernelVersion) => void): void {
  for (const kernel of KERNELS) describe(`on ${kernel}`, () => body(kernel));
}

/**
 * Runs a command that must end by itself, with any status: a panic, a kernel warning or the time limit throws with the
 * end of the guest's console.
 */
export async function runInGuest(run: VmRun): Promise<VmResult> {
  const result = await runInVm(run);
  const failure = explainFailure(result);
  if (failure !== undefined) throw new Error(`${failure}\nthe command's output:\n${result.output}`);
  return result;
}

/** Runs lines of POSIX shell, which stop at the first failing command. */
export function runScript(
  kernel: KernelVersion,
  script: string,
  options: Omit<VmRun, 'command' | 'kernel'> = {},
): Promise<VmResult> {
  return runInGuest({ ...options, kernel, command: ['sh', '-euc', script] });
}
