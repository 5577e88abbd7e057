// Runs in the guest: callers are kept in the middle of an exec while everything is detached, attached and swapped.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const installed = '/usr/lib/portcullis';
const { openSession } = await import(`${installed}/dist/kernel/session.js`);
const { compile } = await import(`${installed}/dist/compiler/index.js`);
const { loadPolicies } = await import(`${installed}/dist/policy/index.js`);

const text = `version: 1.0.0
mode: enforce
rules:
  - id: marked
    expression: exec.argv == "portcullis-test-marker" && exec.file.name == "stand-in"
    actions: [{deny: {}}]
`;
const { image } = compile(loadPolicies([{ file: 'parked.policy', text }]));
const session = await openSession({ agentPid: process.pid });
await session.activate(image);
const kernelBytes = () => session.memory().reduce((sum, { bytes }) => sum + bytes, 0);
const before = kernelBytes();

const callers = spawn(
  `${installed}/programs/parked`,
  ['64', `${installed}/programs/stand-in`, 'portcullis-test-marker'],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const lines = createInterface({ input: callers.stdout })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
let line = await next();

const began = performance.now();
await session.suspend();
const off = performance.now() - began;
session.resume();
for (let swap = 0; swap < 10; swap++) await session.activate(image);
const all = performance.now() - began;

const parked = line;
callers.stdin.end();
const outcome = [];
while (outcome.length < 2) {
  line = await next();
  if (line === undefined || /^(ran|refused) \d+$/.test(line)) outcome.push(line);
}
// private to TypeScript alone: how many decisions run in each slot
const inside = [...session.set.slots.inside].map(Number);
console.log(
  JSON.stringify({
    parked,
    outcome,
    inside,
    grown: kernelBytes() - before,
    off: Math.round(off),
    all: Math.round(all),
  }),
);
await session.close();
