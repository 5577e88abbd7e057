// How far a forbidden program comes before it is stopped, for each way of stopping it.
import { join } from 'node:path';
import { root } from '../scripts/lib/paths.mjs';
import { CommandError } from '../scripts/lib/process.mjs';
import { setUp } from '../scripts/lib/setup.mjs';
import { measureInGuest } from './exec/machine.mjs';
import { figure } from './lib/statistics.mjs';

export const name = 'stop';

const KERNELS = { quick: ['6.1'], full: ['6.1', '6.12'] };

/** By policy and tier, as the guest writes them. */
const WAYS = {
  'at-exec=lsm': 'refused before the exec (tier lsm)',
  'at-exec=kprobe': 'killed at the exec (tier kprobe)',
  'at-exec=tracepoint': 'killed at the exec (tier tracepoint)',
  'after=lsm': 'killed after the event, by the agent (a rule that the kernel cannot decide)',
};

/** By name, too: the program that tries it is called with the same word. */
const STOPPED = 'exec.file.name == "spin" && exec.argv == "stop-me"';

const POLICIES = {
  'at-exec': policyOf(STOPPED, 'deny: {}'),
  after: policyOf(`${STOPPED} && exec.user != "no-such-user"`, 'kill: {signal: SIGKILL}'),
};

const TRIES = { quick: 3, full: 20 };

/** Seconds that a machine may take: a busy host emulates slowly. */
const TIMEOUT = 3600;

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const measured = [];
  for (const kernel of KERNELS[effort]) measured.push(await measureOn(kernel, effort));
  return report(measured);
}

/** @param {'6.1' | '6.12'} kernel @param {import('./lib/section.mjs').Effort} effort */
export async function measureOn(kernel, effort) {
  await setUp([`kernel-${kernel}`]);
  const policies = Object.entries(POLICIES).map(([policy, text]) => [`policies/${policy}/bench.policy`, text]);
  const measured = await measureInGuest({
    kernel,
    script: 'stop.sh',
    plan: {},
    contents: {
      settings: `TRIES=${TRIES[effort]}\nWAYS='${Object.keys(WAYS).join(' ')}'\n`,
      ...Object.fromEntries(policies),
    },
    files: { '/bench/agent.sh': join(root, 'scripts', 'demo', 'agent.sh') },
    timeout: TIMEOUT,
  });
  const tries = TRIES[effort] * Object.keys(WAYS).length;
  if (measured.findings.length !== tries)
    throw new CommandError(`the guest tells of ${measured.findings.length} tries and not of ${tries}`);
  return measured;
}

/** @param {{kernel: string, findings: Record<string, any>[]}[]} measured @returns {import('./lib/section.mjs').SectionResult} */
export function report(measured) {
  return {
    kernel: measured.map(({ kernel }) => kernel).join(' and '),
    tables: measured.map(({ kernel, findings }) => ({
      title: `Kernel ${kernel}, one processor, whose time is the number of its instructions, a nanosecond each`,
      columns: COLUMNS,
      rows: rowsOf(findings),
    })),
    targets: measured.flatMap(targetsOf),
  };
}

function targetsOf({ kernel, findings }) {
  const farthest = (way) => Math.max(...findings.filter((finding) => finding.way === way).map(({ count }) => count));
  return Object.keys(WAYS)
    .filter((way) => way.startsWith('at-exec'))
    .map((way) => ({
      what: `how far a program comes that is ${WAYS[way]}, kernel ${kernel}`,
      bound: { atMost: 0 },
      measured: farthest(way),
      unit: 'steps',
    }));
}

const COLUMNS = ['stopped by', 'outcome', 'steps it came', 'farthest', 'from call to end, thousand instructions'];

/** A step is one addition in shared memory, a few instructions. */
function rowsOf(findings) {
  return Object.entries(WAYS).map(([way, title]) => {
    const tries = findings.filter((finding) => finding.way === way);
    const counts = tries.map(({ count }) => count);
    const outcomes = [...new Set(tries.map(({ outcome }) => outcome))].map((outcome) => {
      const times = tries.filter((finding) => finding.outcome === outcome).length;
      return `${outcome} ${times} of ${tries.length}`;
    });
    const times = figure(tries.map(({ time }) => time / 1000));
    return [title, outcomes.join(', '), figure(counts), Math.max(...counts), times];
  });
}

/** @param {string} expression @param {string} action */
function policyOf(expression, action) {
  return `version: 1.0.0\nmode: enforce\nrules:\n  - id: stop\n    expression: '${expression}'\n    actions:\n      - ${action}\n`;
}
