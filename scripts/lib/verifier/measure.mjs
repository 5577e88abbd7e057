// How many instructions a kernel's verifier walks for each BPF program.
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildDir } from '../paths.mjs';
import { attempt, CommandError, run } from '../process.mjs';
import { guestPath, librariesOf } from '../shared-libraries.mjs';
import { isStale } from '../staleness.mjs';
import { explainFailure, runInVm } from '../vm.mjs';

/**
 * @typedef {object} Measurement
 * @property {string} kernel '6.1', '6.12' or 'native'
 * @property {string} object e.g. exec.bpf.o
 * @property {string} program
 * @property {string} section
 * @property {'ok' | 'refused' | 'rejected'} outcome refused: the kernel does not take such programs; rejected: its
 *   verifier does not accept this one
 * @property {number} instructions 0 unless ok
 * @property {string} error empty if ok
 */

/** @returns {Promise<string>} path of the program that loads, built when stale */
async function loader() {
  const source = new URL('./load-programs.c', import.meta.url).pathname;
  const output = join(buildDir, 'verifier', 'load-programs');
  if (isStale(output, [source])) {
    await mkdir(join(buildDir, 'verifier'), { recursive: true });
    const flags = (await run(['pkg-config', '--cflags', '--libs', 'libbpf'])).trim().split(/\s+/);
    await run(['gcc', '-O2', '-Wall', '-Werror', '-o', output, source, ...flags]);
  }
  return output;
}

/**
 * Loads the programs on this machine's kernel. Nothing is attached. Needs root.
 * @param {string[]} objects paths
 * @returns {Promise<{measurements: Measurement[], log: string}>}
 */
export async function measureNatively(objects) {
  const { status, stdout, stderr } = await attempt([await loader(), ...objects]);
  if (status !== 0) throw new CommandError(`the BPF objects could not be opened\n${stderr}`);
  return { measurements: parse('native', stdout), log: stderr };
}

/**
 * Loads the programs in a virtual machine.
 * @param {import('../vm.d.mts').KernelVersion} kernel
 * @param {string[]} objects paths
 * @returns {Promise<{measurements: Measurement[], log: string}>}
 */
export async function measureInVm(kernel, objects) {
  const program = await loader();
  const files = { '/run-verifier/load-programs': program };
  for (const library of await librariesOf([program])) files[guestPath(library)] = library;
  for (const object of objects) files[`/run-verifier/${basename(object)}`] = object;
  const command = ['/run-verifier/load-programs', ...objects.map((object) => `/run-verifier/${basename(object)}`)];
  const result = await runInVm({ kernel, files, command });
  if (result.status !== 0) throw new CommandError(explainFailure(result) ?? result.output);
  return { measurements: parse(kernel, result.stdout), log: result.stderr };
}

/** @param {string} kernel @param {string} text @returns {Measurement[]} */
function parse(kernel, text) {
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const [object, program, section, outcome, detail] = line.split('\t');
    const ok = outcome === 'ok';
    return {
      kernel,
      object,
      program,
      section,
      outcome,
      instructions: ok ? Number(detail) : 0,
      error: ok ? '' : detail,
    };
  });
}
