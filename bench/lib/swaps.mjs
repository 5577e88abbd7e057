// Policies that take turns on this machine's kernel, under the tier `tracepoint` and in monitor, while programs are executed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../dist/kernel/session.js';
import { buildDir, root } from '../../scripts/lib/paths.mjs';
import { buildPrograms } from '../../scripts/lib/programs.mjs';

const programs = join(buildDir, 'bench', 'programs');

/** Milliseconds of one window, and from one swap to the next in a window with swaps. Short: machines change their pace. */
const WINDOW = 250;
const PAUSE = 20;

/**
 * Swaps two images while one program after another is executed, in windows with swaps and without in turns. Without, an image is copied
 * to nowhere as often: what differs is the swap, not the work of this process on a machine with few processors.
 * @param {[Uint8Array, Uint8Array]} images @param {number} pairs of windows
 * @returns {Promise<{swaps: number[], kernelBytes: number, quiet: number[], swapping: number[]}>} milliseconds of each swap, and
 *   of each exec in either kind of window
 */
export async function swapUnderLoad(images, pairs) {
  await buildPrograms({ from: join(root, 'bench', 'programs', 'native'), to: programs });
  await buildPrograms({ from: join(root, 'bench', 'guest', 'programs'), to: programs });
  const session = await openSession({ tier: 'tracepoint', agentPid: process.pid });
  try {
    session.start((batch) => batch.acknowledge());
    const swaps = [];
    const swap = async (turn) => swaps.push((await session.activate(images[turn % 2])).milliseconds);
    await swap(0);
    const execs = startExecs();
    const windows = [];
    const nowhere = new Uint8Array(images[0].length);
    for (let turn = 0; turn < 2 * pairs; turn++) {
      const from = process.hrtime.bigint();
      const end = performance.now() + WINDOW;
      while (performance.now() < end) {
        if (turn % 2 === 1) await swap(swaps.length);
        else nowhere.set(images[0]);
        await sleep(PAUSE);
      }
      windows.push({ from, to: process.hrtime.bigint(), kind: turn % 2 === 1 ? 'swapping' : 'quiet' });
    }
    const times = await execs.end();
    const within = (kind) =>
      times
        .filter(({ when }) => windows.some(({ from, to, kind: one }) => one === kind && when >= from && when < to))
        .map(({ took }) => took);
    // The first one also loads programs of the next size.
    return {
      swaps: swaps.slice(1),
      kernelBytes: session.memory().reduce((sum, { bytes }) => sum + bytes, 0),
      quiet: within('quiet'),
      swapping: within('swapping'),
    };
  } finally {
    await session.close();
  }
}

function startExecs() {
  const child = spawn(join(programs, 'exec-times'), [join(programs, 'bare')], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise((resolve, reject) =>
    child.on('close', (status) =>
      status === 0 ? resolve(text) : reject(new Error(`exec-times ended with ${status}`)),
    ),
  );
  return {
    end: async () => {
      child.stdin.end();
      const lines = (await ended).trim().split('\n');
      return lines.map((line) => {
        const [when, took] = line.split(' ');
        return { when: BigInt(when), took: Number(took) / 1e6 };
      });
    },
  };
}
