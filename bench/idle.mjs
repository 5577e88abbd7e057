// What an agent costs that has nothing to do: processor time, wake-ups and memory over ten minutes.
//
// The agent is the real one with the shipped policy in monitor, as the unit of the Debian package runs it, under the tier
// `tracepoint`, which every kernel allows. The machine's other programs go on: each of their execs is decided in the kernel, and the
// agent is not woken for it. How many there were is in the table.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from './lib/agent.mjs';

export const name = 'idle';

/** Seconds: how long it is left alone before, and for how long it is looked at. */
const TIMES = { quick: { settle: 10, look: 20 }, full: { settle: 60, look: 600 } };

/** Clock ticks of /proc a second, on every Linux with which Node runs. */
const TICKS = 100;

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const { settle, look } = TIMES[effort];
  const agent = await Agent.start();
  try {
    await sleep(settle * 1000);
    const { url } = agent.status;
    const execs = await execsAt(url);
    // The scrape itself is work: it is over when the clock starts.
    await sleep(2000);
    const before = agent.sample();
    const sizes = [before.resident];
    for (let second = 0; second < look; second += 10) {
      await sleep(10_000);
      sizes.push(agent.sample().resident);
    }
    const after = agent.sample();
    const seconds = (after.at - before.at) / 1000;
    const share = (100 * (after.processor - before.processor)) / TICKS / seconds;
    const megabytes = Math.max(...sizes) / 1e6;
    return {
      tables: [
        {
          title: 'An agent that is left alone, from its second minute on, with the shipped policy in monitor',
          columns: ['seconds', '% of one core', 'wake-ups a second', 'MB resident, highest', 'execs meanwhile'],
          rows: [
            [
              Math.round(seconds),
              share,
              (after.switches - before.switches) / seconds,
              megabytes,
              (await execsAt(url)) - execs,
            ],
          ],
        },
      ],
      targets: [
        { what: 'processor of an idle agent', bound: { atMost: 0.2 }, unit: '% of one core', measured: share },
        { what: 'memory of an idle agent', bound: { atMost: 110 }, unit: 'MB resident', measured: megabytes },
      ],
    };
  } finally {
    await agent.stop();
  }
}

/** @param {string} url */
async function execsAt(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^portcullis_execs_total (\d+)/m.exec(text)[1]);
}
