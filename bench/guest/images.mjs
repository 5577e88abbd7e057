// Runs in the guest: what an exec takes under each of several policy images, beside the same machine with everything detached.
// The programs are attached as the agent attaches them; images come compiled, so that no time goes into compiling here.
// One line of JSON for each run of execbench.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const { openSession } = await import('/usr/lib/portcullis/dist/kernel/session.js');

/** Makes the kernel count what each BPF program takes, which has a price of its own. */
const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';

/** @type {import('../exec/images.mjs').Plan} */
const plan = JSON.parse(readFileSync('/bench/plan.json', 'utf8'));
const imageOf = (name) => new Uint8Array(readFileSync(`/bench/images/${name}`));
const say = (what) => console.log(JSON.stringify(what));

function execbench(bytes) {
  const { stdout, stderr, status } = spawnSync('/bench/disk/execbench', [plan.execs, bytes, '/bench/disk/bare'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`execbench ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

const measure = (configuration, bytes, round) => say({ configuration, bytes, round, ...execbench(bytes) });

/** Attaches, does something, and detaches everything again. */
async function under({ name, image, shadow }, act) {
  session.resume();
  await session.activate(imageOf(image));
  if (shadow !== undefined) await session.stage(imageOf(shadow));
  const before = session.counters().exec;
  act();
  const seen = Number(session.counters().exec - before);
  if (seen < plan.execs) throw new Error(`only ${seen} of ${plan.execs} execs were decided under ${name}`);
  await session.suspend();
}

/** Instructions an exec in each program. */
function profile(configuration, bytes) {
  const times = () =>
    new Map(session.programs().map(({ name, runTimeNs, runCount }) => [name, { runTimeNs, runCount }]));
  writeFileSync(STATISTICS, '1');
  const before = times();
  execbench(bytes);
  const after = times();
  writeFileSync(STATISTICS, '0');
  const execs = plan.execs + plan.warmUp;
  const programs = [...after].map(([program, { runTimeNs, runCount }]) => {
    const { runTimeNs: time, runCount: count } = before.get(program) ?? { runTimeNs: 0n, runCount: 0n };
    return { program, runs: Number(runCount - count) / execs, instructions: Number(runTimeNs - time) / execs };
  });
  say({ profile: configuration, bytes, programs: programs.filter(({ runs }) => runs > 0) });
}

measure('clean', plan.configurations[0].bytes[0], 0);
const session = await openSession({ agentPid: process.pid, tier: plan.tier });
await session.suspend();
for (let round = 1; round <= plan.rounds; round++) {
  for (const configuration of plan.configurations) {
    for (const bytes of configuration.bytes) {
      measure('none', bytes, round);
      await under(configuration, () => measure(configuration.name, bytes, round));
    }
  }
}
for (const configuration of plan.configurations) {
  await under(configuration, () => profile(configuration.name, configuration.bytes[0]));
}
await session.close();
