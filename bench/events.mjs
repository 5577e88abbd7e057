// From the ring to the line in the log: how many events a second an agent tells on one core without losing any, where its time goes, and
// how old the news is. The floor is a C program that reads the same ring and does nothing with it.
//
// The storm is made: no machine executes 30,000 programs a second, so a BPF program writes records of real shape into a ring of the agent's
// own size, from another core. Behind the ring everything is the agent, in the environment of the packaged unit. The latency is that of real
// execs, under the tier `tracepoint`, which every kernel allows.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../scripts/lib/paths.mjs';
import { latencies } from './events/latency.mjs';
import { buildObjects } from './events/objects.mjs';
import { onProducerCore, readerTime, StormedAgent } from './events/stormed-agent.mjs';
import { unitEnvironment } from './lib/agent.mjs';
import { figure, median, quantile } from './lib/statistics.mjs';

export const name = 'events';

/** Seconds of each storm, how often it is repeated, and how many execs the latency is of. */
const EFFORT = { quick: { storm: 1, runs: 1, execs: 100 }, full: { storm: 5, runs: 5, execs: 1000 } };

/** Records a second that must be told without loss. */
const RATE = 30_000;

const shipped = join(root, 'policies', 'cryptominer.policy');

/** What the storm consists of. */
const WORKLOADS = [
  { what: 'an event of the shipped policy', rules: [0], verdict: 'REPORT' },
  { what: 'an exec that nothing matches, where execs are asked for', rules: [], verdict: 'NONE' },
];

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const { storm, runs, execs } = EFFORT[effort];
  await buildObjects();
  const { Storm } = await import('./events/storm.mjs');
  const environments = [
    ['the unit’s', unitEnvironment()],
    ['Node’s defaults', {}],
  ];
  const rows = [];
  const rates = new Map();
  for (const { what, rules, verdict } of WORKLOADS) {
    const floor = await withStorm(Storm, { rules, verdict }, (made) => readerTime(made, storm * 100_000));
    for (const [environment, variables] of environments) {
      const measured = await withStorm(Storm, { rules, verdict }, (made) => throughput(made, variables, storm, runs));
      rates.set(`${verdict} ${environment}`, median(measured.map(({ rate }) => rate)));
      rows.push([
        what,
        environment,
        figure(measured.map(({ rate }) => rate)),
        figure(measured.map(({ processor }) => processor)),
        floor / 1000,
        median(measured.map(({ processor }) => processor)) / (floor / 1000),
      ]);
    }
  }
  const [workload] = WORKLOADS;
  const steady = await withStorm(Storm, workload, (made) => steadily(made, unitEnvironment(), 2 * storm));
  const profile = await withStorm(Storm, workload, (made) => profiled(made, unitEnvironment(), storm));
  const delays = await latencies(execs);
  return {
    tables: [
      {
        title: 'As fast as the agent takes them, on one core',
        columns: [
          'record',
          'environment',
          'records a second',
          'processor, us each',
          'C reader, us each',
          'times the reader',
        ],
        rows,
      },
      {
        title: `${RATE.toLocaleString('en')} events a second, whether the agent keeps up or not`,
        columns: ['seconds', 'records', 'lost', '% of the core'],
        rows: [[steady.seconds, steady.made, steady.lost, steady.share]],
      },
      {
        title: 'Where the time of an event goes',
        columns: ['module', '% of the time'],
        rows: profile,
      },
      {
        title: 'From the exec to the line in the log, ms',
        columns: ['execs', 'median', '90 of 100', '99 of 100'],
        rows: [[delays.length, quantile(delays, 0.5), quantile(delays, 0.9), quantile(delays, 0.99)]],
      },
    ],
    targets: [
      {
        what: 'events from ring to log line without loss',
        bound: { atLeast: RATE },
        unit: 'a second on one core',
        measured: rates.get('REPORT the unit’s'),
      },
      {
        what: `events lost at ${RATE.toLocaleString('en')} a second`,
        bound: { atMost: 0 },
        unit: 'events',
        measured: steady.lost,
      },
      { what: 'exec to log line, median', bound: { atMost: 5 }, unit: 'ms', measured: median(delays) },
    ],
  };
}

/** @template Result @param {(storm: any) => Promise<Result>} act @returns {Promise<Result>} */
async function withStorm(Storm, { rules, verdict }, act) {
  const made = new Storm({ words: 1, rules, verdict });
  try {
    return await onProducerCore(() => act(made));
  } finally {
    made.close();
  }
}

/** Storms as dense as the agent takes them; nothing is lost because the producer waits. */
async function throughput(storm, variables, seconds, runs) {
  const agent = await StormedAgent.start(storm, shipped, { variables });
  try {
    await agent.storm(seconds);
    const measured = [];
    for (let round = 0; round < runs; round++) measured.push(await agent.storm(seconds));
    return measured;
  } finally {
    await agent.stop();
  }
}

/** A storm that waits for nobody. */
async function steadily(storm, variables, seconds) {
  const agent = await StormedAgent.start(storm, shipped, { variables });
  try {
    await agent.storm(1);
    const before = await agent.processor();
    const begin = performance.now();
    let made = 0;
    let lost = 0;
    for (let due = 0; due < seconds * RATE; ) {
      await sleep(1);
      due = Math.min(seconds * RATE, Math.floor(((performance.now() - begin) / 1000) * RATE));
      if (due === made) continue;
      const produced = storm.produce(due - made, 'lose');
      made += produced.made;
      lost += produced.lost;
    }
    await agent.caughtUp();
    const elapsed = (performance.now() - begin) / 1000;
    return { seconds: elapsed, made, lost, share: ((await agent.processor()) - before) / elapsed / 10_000 };
  } finally {
    await agent.stop();
  }
}

async function profiled(storm, variables, seconds) {
  const agent = await StormedAgent.start(storm, shipped, { variables, profile: true });
  try {
    await agent.storm(seconds);
  } finally {
    await agent.stop();
  }
  return agent.profile;
}
