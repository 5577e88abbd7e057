// Runs in the guest: agents that are killed at random moments while a program that is refused is tried without pause.
// guest.mjs KILLS. One JSON line on standard output.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const kills = Number(process.argv[2]);
const work = '/tmp/vm';
const ready = `${work}/ready`;
const log = `${work}/agent.log`;
const pins = '/sys/fs/bpf/portcullis';
const miner = `${work}/miner`;

if (process.argv[2] === 'storm') {
  const outcomes = { ran: 0, refused: 0, other: 0 };
  let tries = 0;
  while (!existsSync(`${work}/enough`)) {
    const { error, status } = spawnSync(miner, [`try-${tries++}`], { stdio: 'ignore' });
    if (error?.code === 'EPERM') outcomes.refused += 1;
    else if (error === undefined && status !== null) outcomes.ran += 1;
    else outcomes.other += 1;
    // as many as an emulated machine can also tell of
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  console.log(JSON.stringify({ tries, ...outcomes }));
  process.exit(0);
}

mkdirSync(`${work}/policies`, { recursive: true });
copyFileSync('/usr/lib/portcullis/programs/stand-in', miner);
spawnSync('mount', ['-t', 'bpf', 'bpf', '/sys/fs/bpf']);
writeFileSync(
  `${work}/policies/test.policy`,
  `version: 1.0.0\nmode: enforce\nrules:\n  - id: miner\n    expression: exec.file.path == "${miner}"\n    actions:\n      - deny: {}\n`,
);

function startAgent() {
  rmSync(ready, { force: true });
  return spawn('portcullis', ['run', '--policies', `${work}/policies`, '--ready-file', ready, '--listen', '0'], {
    env: {
      ...process.env,
      PORTCULLIS_PINS_DIRECTORY: pins,
      PORTCULLIS_LOG_DESTINATION: log,
      PORTCULLIS_CONTROL_SOCKET: 'off',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function isReady(agent) {
  while (!existsSync(ready)) {
    if (agent.exitCode !== null) throw new Error(`the agent ended with ${agent.exitCode}`);
    await sleep(20);
  }
}

let agent = startAgent();
await isReady(agent);
const storm = spawn(process.execPath, [process.argv[1], 'storm'], { stdio: ['ignore', 'pipe', 'inherit'] });
let said = '';
storm.stdout.on('data', (bytes) => {
  said += bytes;
});
const moments = [];
for (let kill = 0; kill < kills; kill++) {
  // half of them fall into a start
  if (kill % 2 === 0) await isReady(agent);
  const moment = Math.round(Math.random() * 1500);
  moments.push(moment);
  await sleep(moment);
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  await sleep(100);
  agent = startAgent();
}
await isReady(agent);
writeFileSync(`${work}/enough`, '');
await once(storm, 'exit');
const last = `try-${JSON.parse(said).tries - 1}`;
for (let waits = 0; waits < 600 && !readFileSync(log, 'utf8').includes(`${last}"`); waits++) await sleep(100);
agent.kill('SIGTERM');
const [status] = await once(agent, 'exit');

const lines = readFileSync(log, 'utf8').split('\n');
const records = new Map();
let delivered = 0;
let adopted = 0;
for (const line of lines) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    continue; // cut by a kill
  }
  if (event.msg === 'pins-adopted') adopted += 1;
  const tried = /try-\d+/.exec(JSON.stringify(event.process ?? {}))?.[0];
  if (tried === undefined || event.agent?.rule_id !== 'miner') continue;
  delivered += 1;
  records.set(tried, (records.get(tried) ?? new Set()).add(JSON.stringify(event.portcullis.record)));
}
const after = spawnSync(miner, ['after'], { stdio: 'ignore' });
console.log(
  JSON.stringify({
    ...JSON.parse(said),
    moments,
    status,
    adopted,
    delivered,
    told: records.size,
    twice: [...records.values()].filter(({ size }) => size > 1).length,
    left: existsSync(pins) ? readdirSync(pins) : [],
    after: after.error?.code ?? 'ran',
    last: lines.filter((line) => line.includes('"stopped"')).at(-1),
  }),
);
