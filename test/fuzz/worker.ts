/**
 * The thread that runs inputs. It says in shared memory which try it is at, so that the one who watches knows what hangs; what does not
 * hold it reports and goes on.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { limits } from './limits.js';
import { inputOf, readCorpus, runInput, type TargetName, type Try } from './targets.js';

/** What the thread is to do: a row of tries, or one input again and again judged. */
export type Work =
  | {
      readonly kind: 'tries';
      readonly root: string;
      readonly targets: readonly TargetName[];
      readonly seed: number;
      /** Number of the first try. */
      readonly from: number;
      /** Word 0: the number of the current try; word 1: one when the thread should end. */
      readonly shared: SharedArrayBuffer;
    }
  | { readonly kind: 'input' };

export type Report =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly number: number; readonly failure: Failure }
  | { readonly kind: 'done'; readonly tries: number }
  | { readonly kind: 'judged'; readonly failure?: Failure };

/** Why an input is a finding. `where`: what tells two findings apart. */
export interface Failure {
  readonly kind: 'threw' | 'slow' | 'memory';
  readonly message: string;
  readonly where: string;
}

/** Which target a try is of: they take turns. */
export function tryOf(targets: readonly TargetName[], seed: number, number: number): Try {
  return { target: targets[number % targets.length]!, seed, number };
}

/** Milliseconds that this thread has worked: time it waited for a processor does not count against an input. */
function worked(): number {
  const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

/** Runs an input and says what is wrong with it, if anything. */
function judge(attempt: Try, input: string): Failure | undefined {
  const before = process.memoryUsage().arrayBuffers;
  const begin = worked();
  try {
    runInput(attempt, input);
  } catch (error) {
    return failureOf(error);
  }
  const milliseconds = Math.round(worked() - begin);
  if (milliseconds > limits.inputMilliseconds) {
    return { kind: 'slow', message: `took ${milliseconds} ms`, where: 'slow' };
  }
  const mebibytes = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
  if (mebibytes <= limits.bufferMebibytes) return undefined;
  return { kind: 'memory', message: `left ${Math.round(mebibytes)} MiB of buffers behind`, where: 'memory' };
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: 'threw', message: String(error), where: 'no error' };
  const frame = error.stack?.split('\n').find((line) => line.includes('/src/')) ?? '';
  const where = `${error.name} ${/\/src\/([^)]*):\d+:\d+/.exec(frame)?.[1] ?? ''}`;
  return { kind: 'threw', message: `${error.name}: ${error.message}`, where };
}

function report(message: Report): void {
  parentPort?.postMessage(message);
}

function runTries({ root, targets, seed, from, shared }: Extract<Work, { kind: 'tries' }>): void {
  const corpus = readCorpus(root);
  const words = new Int32Array(shared);
  let number = from;
  for (; Atomics.load(words, 1) === 0; number++) {
    Atomics.store(words, 0, number);
    const attempt = tryOf(targets, seed, number);
    const failure = judge(attempt, inputOf(attempt, corpus));
    if (failure !== undefined) report({ kind: 'failed', number, failure });
  }
  report({ kind: 'done', tries: number - from });
}

if (parentPort !== null) {
  const work = workerData as Work;
  if (work.kind === 'tries') runTries(work);
  else {
    parentPort.on('message', ({ attempt, input }: { attempt: Try; input: string }) => {
      const failure = judge(attempt, input);
      report({ kind: 'judged', ...(failure !== undefined && { failure }) });
    });
    report({ kind: 'started' });
  }
}
