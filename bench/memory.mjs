// What the agent and its maps weigh, and whether that grows while execs go on.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { root } from '../scripts/lib/paths.mjs';
import { run as runCommand, which } from '../scripts/lib/process.mjs';
import { setUp } from '../scripts/lib/setup.mjs';
import { Agent } from './lib/agent.mjs';
import { slope } from './lib/statistics.mjs';

export const name = 'memory';

/** Seconds: the soak, what of it passes before the first sample counts, and between two samples. */
const SOAK = { quick: 30, full: 1800 };
const WARM_UP = 1 / 6;
const INTERVAL = 5;

/** Of ever new processes, that the heap is looked at after: three times what is remembered. */
const EVENTS = 90_000;

/** Execs a second that the soak makes, and how many of them a rule reports. */
const EXECS = 50;
const REPORTED = 5;

const MEGABYTE = 1e6;
const HOUR = 3600;

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort, soak = SOAK[effort] }) {
  await setUp(['bpftool']);
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-soak-'));
  const marked = join(directory, 'marked');
  copyFileSync(join(root, 'build', 'programs', 'stand-in'), marked);
  const policy = join(directory, 'soak.policy');
  writeFileSync(
    policy,
    `version: 1.0.0\nmode: monitor\nrules:\n  - id: soak\n    expression: exec.file.path == "${marked}"\n    actions:\n      - deny: {}\n`,
  );
  const agent = await Agent.start({ policies: [join(root, 'policies', 'cryptominer.policy'), policy] });
  try {
    const maps = await mapsOf(agent.pid);
    const samples = await watch(agent, marked, soak);
    return resultOf(maps, samples, soak);
  } finally {
    await agent.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The maps that a process holds, largest first. @param {number} pid */
async function mapsOf(pid) {
  const held = new Set();
  for (const descriptor of readdirSync(`/proc/${pid}/fdinfo`)) {
    const text = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8');
    const found = /^map_id:\s+(\d+)/m.exec(text);
    if (found !== null) held.add(Number(found[1]));
  }
  const all = JSON.parse(await runCommand([which('bpftool') ?? 'bpftool', '-j', 'map', 'show']));
  return all
    .filter(({ id }) => held.has(id))
    .map((map) => ({ name: map.name ?? '-', type: map.type, bytes: map.bytes_memlock ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Execs at a steady rate, and the agent's memory meanwhile. */
async function watch(agent, marked, seconds) {
  const samples = [];
  const begin = Date.now();
  const load = startLoad(marked);
  try {
    while (Date.now() - begin < seconds * 1000) {
      await sleep(INTERVAL * 1000);
      const { anonymous, resident } = agent.sample();
      const heap = await agent.metric('nodejs_heap_size_used_bytes');
      samples.push({ x: (Date.now() - begin) / 1000, anonymous, resident, heap });
    }
    return { points: samples, events: await agent.metric('portcullis_execs_total') };
  } finally {
    load.kill();
  }
}

/** A shell makes the execs: a process of its own, whose memory is not looked at. */
function startLoad(marked) {
  const ordinary = Array.from({ length: EXECS / REPORTED - 1 }, () => '/bin/true --an ordinary --line 1 2 3').join(
    '; ',
  );
  const script = `while :; do i=0; while [ $i -lt ${REPORTED} ]; do ${ordinary}; ${marked} --an event >/dev/null; i=$((i + 1)); done; sleep 0.8; done`;
  return spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
}

/** @returns {import('./lib/section.mjs').Table} */
export function heapTable() {
  return {
    title: 'Heap after events of ever new processes, collected, in a process of its own',
    columns: ['events', 'heap in use, MB'],
    rows: heapByEvents().map(([events, bytes]) => [events, bytes / MEGABYTE]),
  };
}

/** Heap by number of events, without a kernel: past what the agent remembers of processes at most, it must not grow. */
function heapByEvents() {
  const script = fileURLToPath(new URL('lib/event-heap.mjs', import.meta.url));
  const lines = execFileSync(process.execPath, ['--expose-gc', script, String(EVENTS)], { encoding: 'utf8' });
  return lines
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
}

function perHour(bytesPerSecond) {
  return (bytesPerSecond * HOUR) / MEGABYTE;
}

function resultOf(maps, { points, events }, soak) {
  const kernel = maps.reduce((sum, { bytes }) => sum + bytes, 0);
  const from = points.findIndex(({ x }) => x >= soak * WARM_UP);
  const warm = points.slice(from);
  const growth = (key) => slope(warm.map((point) => ({ x: point.x, y: point[key] })));
  const row = (title, key) => {
    const { slope: value, low, high } = growth(key);
    return [title, warm[0][key] / MEGABYTE, warm.at(-1)[key] / MEGABYTE, perHour(value), perHour(low), perHour(high)];
  };
  const anonymous = growth('anonymous');
  return {
    tables: [
      {
        title: 'Kernel memory by map, the shipped policy in force',
        columns: ['map', 'type', 'bytes'],
        rows: [...maps.map(({ name, type, bytes }) => [name, type, bytes]), ['together', '', kernel]],
      },
      {
        title: `The agent over ${Math.round(soak / 60)} minutes of about ${EXECS} execs a second, ${Math.round(events)} in all, a tenth of them events; the first sixth is warm-up`,
        columns: ['MB', 'at its beginning', 'at its end', 'growth, MB an hour', '95 % from', 'to'],
        rows: [
          row('resident', 'resident'),
          row('resident, anonymous', 'anonymous'),
          row('heap of JavaScript in use', 'heap'),
        ],
      },
      heapTable(),
    ],
    targets: [
      {
        what: 'growth of anonymous memory over the soak, by its 95 % interval',
        bound: { atMost: 0 },
        measured: perHour(anonymous.slope),
        interval: { low: perHour(anonymous.low), high: perHour(anonymous.high) },
        unit: 'MB an hour',
      },
    ],
  };
}
