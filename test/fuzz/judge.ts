/** Judges single inputs in a thread of their own, which a hang or a lack of memory ends. */
import { Worker } from 'node:worker_threads';
import { limits } from './limits.js';
import type { Try } from './targets.js';
import type { Failure, Report } from './worker.js';

export class Judge {
  #worker: Worker | undefined;

  /** What is wrong with the input; undefined when nothing is. */
  async failureOf(attempt: Try, input: string): Promise<Failure | undefined> {
    const worker = this.#worker ?? (await startWorker());
    this.#worker = worker;
    const failure = await judged(worker, attempt, input);
    if (failure?.kind === 'slow' || failure?.kind === 'memory') await this.close();
    return failure;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** The options of a thread that runs inputs. */
export const workerLimits = { maxOldGenerationSizeMb: limits.heapMebibytes } as const;

async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { kind: 'input' },
    resourceLimits: workerLimits,
  });
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return worker;
}

function judged(worker: Worker, attempt: Try, input: string): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const settle = (failure: Failure | undefined) => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onError);
      resolve(failure);
    };
    const onMessage = (report: Report) => {
      if (report.kind === 'judged') settle(report.failure);
    };
    const onError = (error: Error) => settle({ kind: 'memory', message: error.message, where: 'memory' });
    const timer = setTimeout(
      () => settle({ kind: 'slow', message: `did not end in ${limits.hangMilliseconds} ms`, where: 'slow' }),
      limits.hangMilliseconds,
    );
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage({ attempt, input });
  });
}
