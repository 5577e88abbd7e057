// Runs in the guest: a session over the real kernel, without the agent. One JSON line for each finding.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const dist = '/usr/lib/portcullis/dist';
const { bootTimeNs } = await import(`${dist}/kernel/addon.js`);
const { openSession } = await import(`${dist}/kernel/session.js`);
const { ProgramSet, smallestCapacity } = await import(`${dist}/kernel/programs.js`);
const { recordDecoder } = await import(`${dist}/kernel/record.js`);
const { tiers } = await import(`${dist}/kernel/tiers.js`);
const { compile } = await import(`${dist}/compiler/index.js`);
const { loadPolicies } = await import(`${dist}/policy/index.js`);

const object = '/usr/lib/portcullis/build/bpf/exec.bpf.o';
const mostThatStay = 400;
const say = (finding, what) =>
  console.log(JSON.stringify({ finding, ...what }, (_, value) => (typeof value === 'bigint' ? Number(value) : value)));

/** @param {'monitor' | 'enforce'} mode @param {object} action @param {...string} expressions of a rule each */
function imageOf(mode, action, ...expressions) {
  const rules = expressions.map((expression, number) => ({ id: `rule_${number}`, expression, actions: [action] }));
  const text = JSON.stringify({ version: '1.0.0', mode, rules });
  return compile(loadPolicies([{ file: 'session.policy', text }])).image;
}

/** The image of a policy that refuses one argument. */
const imageDenying = (argument) => imageOf('enforce', { deny: {} }, `exec.argv == "${argument}"`);

/** The image of a policy that only reports. */
const imageTelling = (...expressions) => imageOf('monitor', { kill: { signal: 'SIGKILL' } }, ...expressions);

/** What becomes of an exec: refused, killed or ran. */
function execute(...args) {
  try {
    const { error, signal } = spawnSync('/usr/bin/true', args, { stdio: 'ignore' });
    if (error) return error.code === 'EPERM' ? 'refused' : error.code;
    return signal === null ? 'ran' : signal;
  } catch (error) {
    return error.code === 'EPERM' ? 'refused' : error.code;
  }
}

/** Stage 2 is left out, as if the kernel had skipped it. */
async function unseen(onUnseen) {
  const lsm = tiers.find(({ name }) => name === 'lsm');
  const set = ProgramSet.load(object, { ...lsm, programs: ['refuse', 'check_seen'] }, smallestCapacity, process.pid);
  set.attach();
  set.slots.setting('on_unseen', onUnseen === 'enforce' ? 1 : 0);
  await set.activate(imageDenying('marked'), 1n);
  const outcome = execute('other');
  set.slots.clear();
  const decode = recordDecoder(set.abi);
  const records = [];
  for (let batch = set.rings.get('verdicts').drain(); batch; batch = set.rings.get('verdicts').drain()) {
    records.push(...[...batch].map(decode));
    set.rings.get('verdicts').acknowledge(batch);
  }
  set.close();
  say(`unseen-${onUnseen}`, { outcome, records: records.map(({ stage, verdict }) => ({ stage, verdict })) });
}

/**
 * The kernel has no memory to remember a task: it charges the control group in which the maps were made, and that may have no more. Processes
 * that stay take what the kernel holds in reserve, then one is executed that the policy lets run, and one that it refuses.
 */
async function withoutMemory(onUnseen) {
  const root = '/sys/fs/cgroup';
  const group = `${root}/without-memory-${onUnseen}`;
  writeFileSync(`${root}/cgroup.subtree_control`, '+memory');
  mkdirSync(group);
  writeFileSync(`${group}/cgroup.procs`, String(process.pid));
  const session = await openSession({ agentPid: process.pid, tier: 'lsm' });
  writeFileSync(`${root}/cgroup.procs`, String(process.pid));
  session.takeOver();
  await session.activate(imageDenying('marked'), { onUnseen });
  writeFileSync(`${group}/memory.max`, '0');
  const stay = [];
  // each processor has a reserve of its own
  for (let inRow = 0; stay.length < mostThatStay && inRow < 16; ) {
    const before = session.counters().no_memory;
    stay.push(spawn('/usr/bin/sleep', ['1000'], { stdio: 'ignore' }));
    inRow = session.counters().no_memory > before ? inRow + 1 : 0;
  }
  const outcomes = { other: execute('other'), marked: execute('marked') };
  const told = (await session.drain()).filter(({ verdict }) => verdict === 'unseen');
  const { unseen } = session.counters();
  for (const child of stay) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await ended;
  }
  await session.close();
  say(`without-memory-${onUnseen}`, { ...outcomes, told: told.length, unseen, full: stay.length < mostThatStay });
}

/** A program whose effective id is another before the exec than at it, and a rule about that id. */
async function ids() {
  const tried = (argument) => {
    writeFileSync('/tmp/plan', `${['ids', 'given-back-id', '/usr/bin/true', '-', 'true', argument].join('\t')}\n`);
    const { stdout } = spawnSync('/usr/lib/portcullis/programs/attempt', ['/tmp/plan', '/tmp/ledger']);
    return JSON.parse(String(stdout).trim().split('\n').at(-1)).outcome;
  };
  const without = tried('marked');
  const session = await openSession({ agentPid: process.pid, tier: 'lsm' });
  await session.activate(imageOf('enforce', { deny: {} }, 'exec.euid == 0 && exec.argv == "marked"'));
  say('ids', { without, under: tried('marked'), control: tried('other') });
  await session.close();
}

/** An image that outgrows its slots, then swaps under a run of execs: what is denied by every image never runs. */
async function swaps() {
  const session = await openSession({ agentPid: process.pid, tier: 'lsm' });
  const image = imageDenying('marked');
  await session.activate(image);
  const before = execute('marked');
  const padded = new Uint8Array(3 * smallestCapacity);
  padded.set(image);
  const grown = await session.activate(padded);
  say('grown', { before, after: execute('marked'), control: execute('other'), generation: grown.generation });

  const outcomes = { marked: {}, other: {} };
  for (let round = 0; round < 60; round++) {
    const swapped = session.activate(image);
    for (const argument of ['marked', 'other']) {
      const outcome = execute(argument);
      outcomes[argument][outcome] = (outcomes[argument][outcome] ?? 0) + 1;
    }
    await swapped;
  }
  const counters = session.counters();
  say('swapped', { outcomes, refused: counters.refused, unseen: counters.unseen, noMemory: counters.no_memory });
  await session.close();
  say('closed', { outcome: execute('marked') });
}

/**
 * How long records wait for their reader, ms, the median: of an exec that nothing matches, and of what comes right behind one. Each
 * waits until the reader has nothing left to do.
 */
async function waits() {
  const session = await openSession({ agentPid: process.pid, tier: 'lsm' });
  const seen = [];
  session.start(({ records, acknowledge }) => {
    const now = bootTimeNs();
    for (const record of records) seen.push({ ...record, waited: Number(now - record.time) / 1e6 });
    acknowledge();
  });
  /** @param {string[][]} execs one after the other, by their arguments @param {(record: any) => boolean} isIt */
  const median = async (execs, isIt) => {
    const found = [];
    while (found.length < 9) {
      await sleep(30);
      seen.length = 0;
      for (const args of execs) await new Promise((end) => spawn('/usr/bin/true', args).once('exit', end));
      while (!seen.some(isIt)) await sleep(1);
      found.push(seen.find(isIt).waited);
    }
    return found.sort((a, b) => a - b)[4];
  };
  const ancestors = 'exec.argv == "no-such" && process.ancestors.file.name == "no-such"';
  await session.activate(imageTelling(ancestors, 'exec.argv == "told"'));
  const quiet = await median([['quiet']], ({ argv }) => argv[1] === 'quiet');
  const told = await median([['quiet'], ['told']], ({ argv }) => argv[1] === 'told');
  await session.activate(imageTelling('exit.code == 77'));
  const exit = await median([['quiet']], ({ event }) => event === 'exit');
  say('waits', { quiet, told, exit });
  await session.close();
}

say('before', { outcome: execute('marked') });
await unseen('report');
await unseen('enforce');
await withoutMemory('report');
await withoutMemory('enforce');
await ids();
await swaps();
// the kernel makes no difference
if (process.argv[2] === 'waits') await waits();
