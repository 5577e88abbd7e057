// test/vm/programs -> build/programs: small static programs that run inside a virtual machine, for tests and, from
// bench/guest/programs, for benchmarks. A program is a file NAME.c, or a directory NAME with the files of one program; headers
// beside them are everybody's.
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildDir, root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** Where the programs go. */
export const programDir = join(buildDir, 'programs');

/** What a word in the first comment line of a source asks of the compiler. */
const FLAGS = {
  // Without libc, so that the program's own code is the first instruction to run.
  freestanding: ['-static', '-ffreestanding', '-nostdlib', '-fno-stack-protector', '-fcf-protection=none'],
  '32-bit': ['-m32', '-fno-pie', '-no-pie'],
  dynamic: ['-fPIE', '-pie'],
};

/** Of a program whose source asks for nothing. */
const DEFAULT_FLAGS = ['-static', '-pthread'];

/**
 * Compiles what changed.
 * @param {{from: string, to: string}} [directories] of sources and of programs; default: those of tests
 * @returns {Promise<{built: string[], programs: string[]}>} names of what was compiled, paths of all programs
 */
export async function buildPrograms(directories = { from: join(root, 'test', 'vm', 'programs'), to: programDir }) {
  const { from: directory, to } = directories;
  await mkdir(to, { recursive: true });
  const built = [];
  const programs = [];
  for (const [name, sources] of await sourcesIn(directory)) {
    const output = join(to, name);
    programs.push(output);
    if (!isStale(output, [...sources, ...filesIn(directory, /\.h$/)])) continue;
    const scratch = `${output}.${process.pid}.tmp`;
    try {
      await run(['gcc', '-O2', '-Wall', '-Werror', ...(await flagsOf(sources)), '-o', scratch, ...sources]);
      await rename(scratch, output);
    } finally {
      await rm(scratch, { force: true });
    }
    built.push(name);
  }
  return { built, programs };
}

/** @param {string} directory @returns {Promise<[string, string[]][]>} programs by name, and their source files */
async function sourcesIn(directory) {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.c'))
    .map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? [entry.name, filesIn(path, /\.c$/)] : [basename(path, '.c'), [path]];
    });
}

/** @param {string[]} sources */
async function flagsOf(sources) {
  const [firstLine = ''] = (await readFile(sources[0], 'utf8')).split('\n', 1);
  const asked = Object.entries(FLAGS).filter(([word]) => firstLine.includes(word));
  return asked.length > 0 ? asked.flatMap(([, flags]) => flags) : DEFAULT_FLAGS;
}
