// Runs in the guest: agents that are killed at random moments, and replaced by agents with other kernel programs, while a program that is
// refused is tried without pause; then rings that nobody reads, until they are full. guest.mjs KILLS UPGRADES. One JSON line on standard output.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const work = '/tmp/vm';
const ready = `${work}/ready`;
const log = `${work}/agent.log`;
const pins = '/sys/fs/bpf/portcullis';
const miner = `${work}/miner`;
const reported = `${work}/reported`;
const object = '/usr/lib/portcullis/build/bpf/exec.bpf.o';
const handOver = '/run/portcullis/hand-over';

if (process.argv[2] === 'storm') {
  const outcomes = { ran: 0, refused: 0, other: 0 };
  let tries = 0;
  while (!existsSync(`${work}/enough`)) {
    const { error, status } = spawnSync(miner, [`try-${tries++}`], { stdio: 'ignore' });
    if (error?.code === 'EPERM') outcomes.refused += 1;
    else if (error === undefined && status !== null) outcomes.ran += 1;
    else outcomes.other += 1;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.argv[3]));
  }
  console.log(JSON.stringify({ tries, ...outcomes }));
  process.exit(0);
}

const kills = Number(process.argv[2]);
const upgrades = Number(process.argv[3]);
mkdirSync(`${work}/policies`, { recursive: true });
mkdirSync('/run/portcullis', { recursive: true, mode: 0o700 });
for (const program of [miner, reported]) copyFileSync('/usr/lib/portcullis/programs/stand-in', program);
copyFileSync(object, `${work}/first.o`);
writeFileSync(`${work}/broken.o`, readFileSync(object).subarray(0, 20_000));
spawnSync('mount', ['-t', 'bpf', 'bpf', '/sys/fs/bpf']);
writeFileSync(
  `${work}/policies/test.policy`,
  `version: 1.0.0
rules:
  - {id: miner, mode: enforce, expression: exec.file.path == "${miner}", actions: [{deny: {}}]}
  - {id: reported, expression: exec.file.path == "${reported}", every: 0s}
`,
);

function startAgent() {
  rmSync(ready, { force: true });
  return spawn('portcullis', ['run', '--policies', `${work}/policies`, '--ready-file', ready, '--listen', '0'], {
    env: {
      ...process.env,
      PORTCULLIS_PINS_DIRECTORY: pins,
      PORTCULLIS_STATE_DIRECTORY: `${work}/state`,
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

async function endsBy(agent, signal) {
  agent.kill(signal);
  const [status] = await once(agent, 'exit');
  return status;
}

/** As a package does it: in one step. */
function install(file) {
  copyFileSync(file, `${object}.new`);
  renameSync(`${object}.new`, object);
}

async function until(holds, patience = 600) {
  for (let waits = 0; waits < patience && !holds(); waits++) await sleep(100);
}

let agent = startAgent();
await isReady(agent);
/**
 * Between tries, ms: as many as an emulated machine can also tell of. An agent that is killed again and again lives a second or two of the half a
 * minute that its start takes there, and the rings have to hold what is tried meanwhile.
 */
const pause = kills > 20 ? 400 : 50;
const storm = spawn(process.execPath, [process.argv[1], 'storm', String(pause)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
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
  await endsBy(agent, 'SIGKILL');
  await sleep(100);
  agent = startAgent();
}
await isReady(agent);

console.error(`${kills} kills done`);
for (let upgrade = 0; upgrade < upgrades; upgrade++) {
  install(upgrade % 2 === 0 ? '/share/other.o' : `${work}/first.o`);
  writeFileSync(handOver, '');
  await endsBy(agent, 'SIGTERM');
  rmSync(handOver);
  agent = startAgent();
  await isReady(agent);
}
console.error(`${upgrades} upgrades done`);
// one that does not load
let failed;
if (upgrades > 0) {
  install(`${work}/broken.o`);
  await endsBy(agent, 'SIGKILL');
  const broken = startAgent();
  [failed] = await once(broken, 'exit');
  install(`${work}/first.o`);
  agent = startAgent();
  await isReady(agent);
}

writeFileSync(`${work}/enough`, '');
await once(storm, 'exit');
const last = `try-${JSON.parse(said).tries - 1}`;
await until(() => readFileSync(log, 'utf8').includes(`${last}"`));

console.error('told of all tries');
// more than both rings hold, with arguments that make records large
const floods = {};
agent.kill('SIGSTOP');
for (const program of upgrades > 0 ? [miner, reported] : []) {
  const { stdout } = spawnSync('/usr/lib/portcullis/programs/storm', ['1300', program, `flood ${'x'.repeat(3900)}`]);
  // what runs writes, too
  floods[program] = JSON.parse(String(stdout).trim().split('\n').at(-1));
}
agent.kill('SIGCONT');
// all that the rings kept is told: some is, and then nothing more comes for a while
const toldOfFloods = () => readFileSync(log, 'utf8').split('flood').length - 1;
for (let before = 0, now = 0, quiet = 0; upgrades > 0 && (quiet < 10 || now === 0); before = now) {
  await sleep(1_000);
  now = toldOfFloods();
  quiet = now === before ? quiet + 1 : 0;
}
const status = await endsBy(agent, 'SIGTERM');

const lines = readFileSync(log, 'utf8').split('\n');
const records = new Map();
const flooded = new Map([miner, reported].map((program) => [program, new Set()]));
let delivered = 0;
let adopted = 0;
let lost;
for (const line of lines) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    continue; // cut by a kill
  }
  if (event.msg === 'pins-adopted') adopted += 1;
  if (event.msg === 'stopped') ({ lost } = event);
  if (event.agent?.rule_id === undefined) continue;
  const record = JSON.stringify(event.portcullis.record);
  const argument = JSON.stringify(event.process ?? {});
  if (argument.includes('flood')) flooded.get(event.file.path)?.add(record);
  const tried = /try-\d+/.exec(argument)?.[0];
  if (tried === undefined || event.agent.rule_id !== 'miner') continue;
  delivered += 1;
  records.set(tried, (records.get(tried) ?? new Set()).add(record));
}
const after = spawnSync(miner, ['after'], { stdio: 'ignore' });
console.log(
  JSON.stringify({
    ...JSON.parse(said),
    moments,
    status,
    failed,
    adopted,
    delivered,
    told: records.size,
    twice: [...records.values()].filter(({ size }) => size > 1).length,
    flooded: { ...floods[miner], told: flooded.get(miner).size },
    reported: { ...floods[reported], told: flooded.get(reported).size },
    lost,
    left: existsSync(pins) ? readdirSync(pins) : [],
    after: after.error?.code ?? 'ran',
    last: lines.filter((line) => line.includes('"stopped"')).at(-1),
  }),
);
