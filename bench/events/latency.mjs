// How old the news of an exec is when its line is in the log: real execs, by a program that puts the time right before each among its
// arguments, and a reader at the end of the agent's log.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootTimeNs } from '../../dist/kernel/addon.js';
import { buildDir } from '../../scripts/lib/paths.mjs';
import { Agent } from '../lib/agent.mjs';
import { clockProgram } from './objects.mjs';

/** Microseconds between two execs. */
const PAUSE = 3000;

/** Milliseconds that nobody sees anything after which the rest is not waited for. */
const PATIENCE = 10_000;

/** @param {number} execs @returns {Promise<number[]>} milliseconds, one for each event */
export async function latencies(execs) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-latency-')));
  const target = join(directory, 'timed');
  copyFileSync(join(buildDir, 'programs', 'stand-in'), target);
  const policy = join(directory, 'latency.policy');
  writeFileSync(
    policy,
    `version: 1.0.0\nmode: monitor\nrules:\n  - id: timed\n    expression: exec.file.path == "${target}"\n    actions:\n      - deny: {}\n`,
  );
  const agent = await Agent.start({ policies: [policy] });
  const log = openSync(agent.log, 'r');
  try {
    const clock = spawn(clockProgram, [target, String(execs), String(PAUSE)], { stdio: 'ignore' });
    const ended = once(clock, 'close');
    const found = await follow(log, execs);
    await ended;
    return found;
  } finally {
    closeSync(log);
    await agent.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Looks at the end of the log each millisecond: up to one of those that are measured is its own. */
async function follow(log, execs) {
  const found = [];
  const chunk = Buffer.alloc(1 << 20);
  let rest = '';
  let last = performance.now();
  while (found.length < execs && performance.now() - last < PATIENCE) {
    const bytes = readSync(log, chunk);
    if (bytes === 0) {
      await sleep(1);
      continue;
    }
    const now = bootTimeNs();
    const lines = (rest + chunk.toString('latin1', 0, bytes)).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const at = /"--at","(\d+)"/.exec(line);
      if (at !== null) found.push(Number(now - BigInt(at[1])) / 1e6);
    }
    last = performance.now();
  }
  if (found.length === 0) throw new Error('no exec was told');
  return found;
}
