// What the benchmark of events is built of, besides the agent.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compileBpf } from '../../scripts/lib/bpf-objects.mjs';
import { buildDir, root } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/process.mjs';

const output = join(buildDir, 'bench');

/** The object whose programs write records. */
export const execObject = join(buildDir, 'bpf', 'exec.bpf.o');
export const producerObject = join(output, 'producer.bpf.o');
export const readerProgram = join(output, 'reader');
export const clockProgram = join(output, 'exec-clock');

/** Builds all three, whatever is there. */
export async function buildObjects() {
  const source = (name) => join(root, 'bench', 'events', name);
  await mkdir(output, { recursive: true });
  await compileBpf({ source: source('producer.bpf.c'), output: producerObject });
  await run(['gcc', '-O2', '-Wall', '-Werror', '-o', readerProgram, source('reader.c'), '-lbpf']);
  await run(['gcc', '-O2', '-Wall', '-Werror', '-static', '-o', clockProgram, source('exec-clock.c')]);
}
