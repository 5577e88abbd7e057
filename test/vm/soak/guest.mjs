// Runs in the guest: eight storms of execs in two lines of processes, one below nginx, while two policies with lineage take turns.
// soak EXECS: of all storms together. One JSON line for each storm, then one for the rest.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const dist = '/usr/lib/portcullis/dist';
const { openSession } = await import(`${dist}/kernel/session.js`);
const { ProgramHistory } = await import(`${dist}/events/program-history.js`);
const { bootTimeNs } = await import(`${dist}/kernel/addon.js`);
const { compile } = await import(`${dist}/compiler/index.js`);
const { loadPolicies } = await import(`${dist}/policy/index.js`);

const programs = '/usr/lib/portcullis/programs';
const bin = '/tmp/soak';
const storms = 8;
const perStorm = Math.ceil(Number(process.argv[2]) / storms);
const pauseMs = 100;

mkdirSync(bin);
for (const name of ['nginx', 'other']) copyFileSync(`${programs}/spawn`, `${bin}/${name}`);
for (const name of ['storm-web', 'storm-other']) copyFileSync(`${programs}/storm`, `${bin}/${name}`);
copyFileSync('/usr/bin/true', `${bin}/tool`);

/** Both deny the same; each asks for other facts, so that every swap rebuilds what is known. */
const images = [
  'process.ancestors.file.name == "nginx"',
  'process.ancestors.file.path == "/tmp/soak/nginx" && process.parent.file.name == "storm-web"',
].map((condition) => {
  const text = `version: 1.0.0\nmode: enforce\nrules:\n  - id: web\n    expression: exec.file.name == "tool" && ${condition}\n    actions: [{deny: {}}]\n`;
  return compile(loadPolicies([{ file: 'soak.policy', text }]));
});

/** Kernel memory that storages and slabs take, kB. */
const slab = () => Number(/^SUnreclaim:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]);

const session = await openSession({ agentPid: process.pid, tier: 'lsm' });
const history = new ProgramHistory();
const unknown = [];
/** Records by which a program came before itself. */
let circles = 0;
session.start(({ records, acknowledge }) => {
  for (const record of records) {
    history.remember(record);
    if (record.event === 'exec' && record.previous === record.exec) circles += 1;
    if (record.verdict === 'unknown' || record.verdict === 'unseen') unknown.push(record.verdict);
  }
  acknowledge();
});
let swaps = 0;
let orphans = 0;
async function swap() {
  const { image, lineage } = images[swaps % images.length];
  const activation = await session.activate(image, {
    ancestry: (orphan) => history.ancestry(orphan, lineage, bootTimeNs()),
  });
  swaps += 1;
  orphans += activation.orphans;
}

await swap();
const slabBefore = slab();
let running = storms;
const ends = Array.from({ length: storms }, (_, index) => {
  const [top, storm] = index % 2 === 0 ? ['nginx', 'storm-web'] : ['other', 'storm-other'];
  const child = spawn(`${bin}/${top}`, ['fork', `${bin}/${storm}`, String(perStorm), `${bin}/tool`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve) => child.on('exit', resolve)).finally(() => running--);
});
while (running > 0) {
  await swap();
  await sleep(pauseMs);
}
await Promise.all(ends);
await sleep(pauseMs);
const counters = session.counters();
await session.close();
const number = (name) => Number(counters[name]);
console.log(
  JSON.stringify({
    swaps,
    orphans,
    unknown: unknown.length,
    circles,
    unseen: number('unseen'),
    noMemory: number('no_memory'),
    uninherited: number('uninherited'),
    lost: number('lost_report') + number('lost_verdict'),
    slabBefore,
    slabAfter: slab(),
  }),
);
