// test/vm/programs/NAME.c -> build/programs/NAME: small static programs that tests run inside a virtual machine.
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildDir, root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** Where the programs go. */
export const programDir = join(buildDir, 'programs');

/**
 * Compiles what changed. A program whose source says `freestanding` in its first comment line is built without libc,
 * so that its own code is the first instruction to run.
 * @returns {Promise<{built: string[], programs: string[]}>} names of what was compiled, paths of all programs
 */
export async function buildPrograms() {
  const sources = filesIn(join(root, 'test', 'vm', 'programs'), /\.c$/);
  await mkdir(programDir, { recursive: true });
  const built = [];
  const programs = [];
  for (const source of sources) {
    const output = join(programDir, basename(source, '.c'));
    programs.push(output);
    if (!isStale(output, [source])) continue;
    const firstLine = (await readFile(source, 'utf8')).split('\n', 1)[0] ?? '';
    const freestanding = firstLine.includes('freestanding')
      ? ['-ffreestanding', '-nostdlib', '-fno-stack-protector', '-fcf-protection=none']
      : ['-pthread'];
    const scratch = `${output}.${process.pid}.tmp`;
    try {
      await run(['gcc', '-O2', '-static', '-Wall', '-Werror', ...freestanding, '-o', scratch, source]);
      await rename(scratch, output);
    } finally {
      await rm(scratch, { force: true });
    }
    built.push(basename(output));
  }
  return { built, programs };
}
