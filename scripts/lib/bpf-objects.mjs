// bpf/NAME.bpf.c -> build/bpf/NAME.bpf.o
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildDir, root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** Where the objects go. */
export const bpfObjectDir = join(buildDir, 'bpf');

/**
 * The compiler's command for one object. Nothing of the build machine goes in: kernel types come from headers under
 * bpf/, relocated at load (CO-RE), and libbpf's headers only define helpers. -mcpu=v3 is what 6.1 knows.
 * @param {{source: string, output: string}} unit
 * @returns {string[]}
 */
export function clangCommand({ source, output }) {
  const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86', '-Wall', '-Werror'];
  // <asm/types.h> lives in a directory of the machine's triplet, which clang leaves out when the target is bpf.
  const include = ['-I', join(root, 'bpf'), '-idirafter', '/usr/include/x86_64-linux-gnu'];
  // The line information in BTF names files: by their place in the checkout, wherever that is.
  flags.push(`-ffile-prefix-map=${root}=.`);
  return ['clang', ...flags, ...include, '-c', source, '-o', output];
}

/**
 * Compiles one source file. DWARF goes, BTF stays. The object appears by rename: nobody reads half of it.
 * @param {{source: string, output: string}} unit
 */
export async function compileBpf({ source, output }) {
  const scratch = `${output}.${process.pid}.tmp`;
  try {
    await run(clangCommand({ source, output: scratch }));
    await run(['llvm-strip', '-g', scratch]);
    await rename(scratch, output);
  } finally {
    await rm(scratch, { force: true });
  }
}

/**
 * Compiles what changed, and removes objects whose source is gone.
 * @returns {Promise<{built: string[], objects: string[]}>} names of what was compiled, paths of all objects
 */
export async function buildBpfObjects() {
  const sources = filesIn(join(root, 'bpf'), /^[^/]+\.bpf\.c$/);
  const headers = filesIn(join(root, 'bpf'), /\.h$/);
  await mkdir(bpfObjectDir, { recursive: true });
  const units = sources.map((source) => ({
    source,
    output: join(bpfObjectDir, basename(source).replace(/\.c$/, '.o')),
  }));
  const built = [];
  for (const unit of units) {
    if (!isStale(unit.output, [unit.source, ...headers])) continue;
    await compileBpf(unit);
    built.push(basename(unit.output));
  }
  const objects = units.map((unit) => unit.output);
  for (const entry of await readdir(bpfObjectDir)) {
    const path = join(bpfObjectDir, entry);
    if (entry.endsWith('.bpf.o') && !objects.includes(path)) await rm(path);
  }
  return { built, objects };
}
