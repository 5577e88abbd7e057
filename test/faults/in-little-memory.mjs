// A session of its own in a control group with little memory: the kernel charges maps to who makes them. Arguments: a small image and a
// large one, as files, the path of a program that the small one reports, and the control group. One line of JSON.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { openSession } from '../../dist/kernel/session.js';

const [small, large, marked, group] = process.argv.slice(2);
const images = [small, large].map((file) => new Uint8Array(readFileSync(file)));

const session = await openSession({ agentPid: process.pid, tier: 'tracepoint' });
try {
  session.takeOver();
  const { generation } = await session.activate(images[0]);
  writeFileSync(`${group}/cgroup.procs`, String(process.pid));
  const refused = await session.activate(images[1]).then(
    () => undefined,
    ({ code, message }) => ({ code, message }),
  );
  writeFileSync(`${group}/../cgroup.procs`, String(process.pid));
  await session.drain();
  execFileSync(marked);
  const records = (await session.drain()).filter(({ argv }) => argv[0] === marked);
  const told = records.map((record) => String(record.generation));
  console.log(JSON.stringify({ refused, generation: String(generation), told }));
} finally {
  await session.close();
}
