/** A fuzzing run: a thread tries inputs, this one watches it, judges again what it found, makes it smaller and saves it. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Judge, workerLimits } from './judge.js';
import { limits } from './limits.js';
import { minimise } from './minimise.js';
import { inputOf, readCorpus, type TargetName, type Try } from './targets.js';
import { type Failure, type Report, tryOf, type Work } from './worker.js';

export interface RunOptions {
  /** The checkout. */
  readonly root: string;
  readonly targets: readonly TargetName[];
  readonly seconds: number;
  readonly seed: number;
  /** Told of each finding as it is made. */
  readonly onFinding: (finding: Finding) => void;
}

export interface Finding {
  readonly attempt: Try;
  readonly failure: Failure;
  /** The smallest input that fails in the same way. */
  readonly input: string;
  /** Where it was saved. */
  readonly file: string;
}

export interface RunResult {
  readonly tries: number;
  readonly findings: readonly Finding[];
}

/** Fuzzes for the given time. */
export async function fuzz(options: RunOptions): Promise<RunResult> {
  const corpus = readCorpus(options.root);
  const deadline = Date.now() + options.seconds * 1_000;
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const judge = new Judge();
  let next = 0;
  let tries = 0;
  while (Date.now() < deadline && findings.length < limits.findings) {
    const shift = await watch(options, next, deadline);
    tries += shift.tries;
    next = shift.next;
    for (const { number, failure } of shift.suspects) {
      const attempt = tryOf(options.targets, options.seed, number);
      const key = `${attempt.target} ${failure.where}`;
      if (seen.has(key)) continue;
      const input = inputOf(attempt, corpus);
      // Slow may mean that the machine was busy: only what is slow again, alone, is a finding.
      const again = await judge.failureOf(attempt, input);
      if (again === undefined) continue;
      seen.add(key);
      const smallest = await minimise(judge, attempt, input, again);
      const finding = { attempt, failure: again, input: smallest, file: save(options.root, attempt, again, smallest) };
      findings.push(finding);
      options.onFinding(finding);
    }
  }
  await judge.close();
  return { tries, findings };
}

interface Suspect {
  readonly number: number;
  readonly failure: Failure;
}

interface Shift {
  readonly tries: number;
  /** The number the next thread begins with. */
  readonly next: number;
  readonly suspects: readonly Suspect[];
}

/** One thread's work: until the time is over, or an input has to be ended with the thread. */
function watch({ root, targets, seed }: RunOptions, from: number, deadline: number): Promise<Shift> {
  const shared = new SharedArrayBuffer(8);
  const words = new Int32Array(shared);
  Atomics.store(words, 0, from);
  const work: Work = { kind: 'tries', root, targets, seed, from, shared };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: work,
    resourceLimits: workerLimits,
  });
  const suspects: Suspect[] = [];
  return new Promise((resolve) => {
    let current = from;
    let since = Date.now();
    const settle = async (failure?: Failure) => {
      clearInterval(clock);
      await worker.terminate();
      const number = Atomics.load(words, 0);
      if (failure !== undefined) suspects.push({ number, failure });
      resolve({ tries: number - from, next: number + 1, suspects });
    };
    const clock = setInterval(() => {
      if (Date.now() >= deadline || suspects.length >= limits.findings) Atomics.store(words, 1, 1);
      const number = Atomics.load(words, 0);
      if (number !== current) {
        current = number;
        since = Date.now();
      } else if (Date.now() - since > limits.hangMilliseconds) {
        void settle({ kind: 'slow', message: 'did not end', where: 'slow' });
      }
    }, 50);
    worker.on('message', (report: Report) => {
      if (report.kind === 'failed') suspects.push(report);
      if (report.kind === 'done') void settle();
    });
    worker.on('error', (error) => void settle({ kind: 'memory', message: error.message, where: 'memory' }));
  });
}

function save(root: string, { target, seed, number }: Try, { message }: Failure, input: string): string {
  const directory = join(root, 'build/fuzz/findings');
  const name = `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, `${name}.json`),
    `${JSON.stringify({ target, seed, number, message, input }, null, 2)}\n`,
  );
  return join('build/fuzz/findings', `${name}.json`);
}
