/** A session on this machine's own kernel, tier tracepoint and monitor, that the kernel refuses memory for a larger image. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';

/** The large image takes three slots of 32 MiB. */
const PATTERNS = 12_000;
const MEMORY = 48 * 2 ** 20;

export interface Refusal {
  /** What became of the large image; absent: it was taken. */
  refused?: { code: string; message: string };
  /** Of the small image. */
  generation: string;
  /** Generations of the image that decided the execs after that. */
  told: string[];
}

/** What came of it, or undefined where no control group can be given a limit of memory. */
export async function refusedForMemory(directory: string): Promise<Refusal | undefined> {
  const group = memoryGroup();
  if (group === undefined) return undefined;
  try {
    const marked = join(directory, 'marked');
    copyFileSync('/bin/true', marked);
    const image = (name: string, expression: string) => {
      const text = `version: 1.0.0\nrules:\n  - {id: marked, mode: monitor, expression: '${expression}'}\n`;
      const path = join(directory, name);
      writeFileSync(path, compile(loadPolicies([{ file: `${name}.policy`, text }])).image);
      return path;
    };
    const patterns = Array.from({ length: PATTERNS }, (_, at) => `~"*${at}-${Math.imul(at, 0x9e3779b1) >>> 0}*"`);
    const images = [
      image('small', `exec.file.path == "${marked}"`),
      image('large', `exec.args in [${patterns.join(', ')}]`),
    ];
    const script = join(import.meta.dirname, 'in-little-memory.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...images, marked, group]);
    return JSON.parse(stdout) as Refusal;
  } finally {
    rmdirSync(group);
  }
}

function memoryGroup(): string | undefined {
  const name = `portcullis-faults-${process.pid}`;
  for (const { at, limit } of [
    { at: '/sys/fs/cgroup', limit: 'memory.max' },
    { at: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  ]) {
    const controllers = join(at, 'cgroup.controllers');
    if (existsSync(controllers) && readFileSync(controllers, 'utf8').split(/\s/).includes('memory'))
      writeFileSync(join(at, 'cgroup.subtree_control'), '+memory');
    else if (!existsSync(join(at, limit))) continue;
    const group = join(at, name);
    mkdirSync(group);
    writeFileSync(join(group, limit), String(MEMORY));
    return group;
  }
  return undefined;
}
