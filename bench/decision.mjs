// What a decision costs: the matcher of the kernel programs, compiled by this machine's kernel and run without an exec, beside a loop
// that only loads the same bytes and beside one comparison loop a pattern.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '../dist/compiler/index.js';
import { loadPolicies } from '../dist/policy/index.js';
import { root } from '../scripts/lib/paths.mjs';
import { NeedsHelpError } from '../scripts/lib/process.mjs';
import { commandLine, hostPatterns, patternPolicy } from './lib/decision-input.mjs';
import { buildPrograms, DecisionPrograms } from './lib/decision-object.mjs';
import { figure, median, ratio } from './lib/statistics.mjs';

export const name = 'decision';

const EFFORT = {
  quick: { patterns: [10, 1000], bytes: [0, 300, 10_000], rounds: 7 },
  full: { patterns: [1, 10, 100, 300, 1000, 10_000], bytes: [0, 100, 300, 1000, 10_000, 2_000_000], rounds: 31 },
};

/** What one measurement should take, nanoseconds: long beside the clock, short beside a time slice. */
const LONG_ENOUGH = 1_000_000;

/** Past this the comparison loops take too long to be measured, comparisons. */
const NAIVE_LIMIT = 20_000_000;

const shipped = 'cryptominer.policy';
const program = { path: '/opt/service/bin/worker', name: 'worker', comm: 'worker' };
const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  if (process.getuid?.() !== 0) throw new NeedsHelpError('section decision loads BPF programs: run it as root');
  await buildPrograms();
  const { patterns, bytes, rounds } = EFFORT[effort];
  const policies = await Promise.all([policyOf(shipped), ...patterns.map(policyOf)]);
  try {
    const cells = policies.flatMap((policy) => bytes.map((size) => new Cell(policy, commandLine(size), [])));
    const asStarted = new Cell(policies[0], commandLine(300), environment);
    measure([...cells, asStarted], rounds);
    return { tables: tablesOf(cells, asStarted, bytes), targets: targetsOf(cells, patterns) };
  } finally {
    for (const policy of policies) policy.programs.close();
  }
}

async function policyOf(what) {
  const patterns = typeof what === 'number' ? hostPatterns(what) : [];
  const text =
    typeof what === 'number' ? patternPolicy(patterns) : await readFile(join(root, 'policies', what), 'utf8');
  const { image, plan } = compile(loadPolicies([{ file: 'bench.policy', text }]));
  const passes = plan.passes.find(({ stream }) => stream === 'args').automata.length;
  const title = typeof what === 'number' ? `${what.toLocaleString('en')} pattern${what === 1 ? '' : 's'}` : 'shipped';
  return { what, title, patterns, passes, bytes: image.length, programs: new DecisionPrograms(image, patterns) };
}

/** One policy on one command line. */
class Cell {
  times = { bench_empty: [], bench_load: [], bench_decide: [], bench_naive: [] };
  #repeat = new Map();

  constructor(policy, argv, env) {
    this.policy = policy;
    this.execution = { ...program, argv: [program.path, ...argv], env };
    /** Of the arguments, argv[0] not counted. */
    this.bytes = argv.reduce((sum, text) => sum + text.length + 1, 0);
    this.block = this.bytes + program.path.length + 1;
  }

  get naive() {
    return this.policy.patterns.length > 0 && this.policy.patterns.length * this.block <= NAIVE_LIMIT;
  }

  /** One round: each program once, next to each other. */
  measure() {
    const { programs } = this.policy;
    programs.write(this.execution);
    for (const [name, times] of Object.entries(this.times)) {
      if (name === 'bench_naive' && !this.naive) continue;
      if (!this.#repeat.has(name)) this.#repeat.set(name, enough(programs, name));
      times.push(programs.time(name, this.#repeat.get(name)));
    }
  }

  /** What the loop around it does not cost. */
  net(name) {
    return this.times[name].map((time, round) => Math.max(time - this.times.bench_empty[round], 0));
  }
}

function enough(programs, name) {
  programs.time(name, 1);
  return Math.min(100_000, Math.max(1, Math.ceil(LONG_ENOUGH / programs.time(name, 3))));
}

function measure(cells, rounds) {
  for (let round = 0; round < rounds; round++) for (const cell of cells) cell.measure();
}

function tablesOf(cells, asStarted, sizes) {
  const line = (cell) => [
    cell.policy.title,
    cell.bytes,
    figure(cell.net('bench_decide')),
    figure(cell.net('bench_load')),
    ratio(cell.net('bench_decide'), cell.net('bench_load')),
    cell.naive ? figure(cell.net('bench_naive')) : '-',
    cell.policy.passes,
    perByte(cell, baseOf(cell, cells)),
  ];
  const columns = [
    'policy',
    'bytes of arguments',
    'decision, ns',
    'only loading the block, ns',
    'decision to loading',
    'a comparison loop a pattern, ns',
    'passes',
    'ns a byte a pass',
  ];
  const images = [...new Set(cells.map(({ policy }) => policy))];
  return [
    { title: 'By policy and length of the arguments', columns, rows: cells.filter(({ bytes }) => bytes > 0).map(line) },
    {
      title: 'Without arguments: what a decision costs before the first byte',
      columns: ['policy', 'decision, ns', 'image, bytes'],
      rows: images.map((policy) => [
        policy.title,
        figure(cells.find((cell) => cell.policy === policy && cell.bytes === 0).net('bench_decide')),
        policy.bytes,
      ]),
    },
    {
      title: 'The shipped policy on 12 arguments in a small environment',
      columns: ['bytes of the block', 'decision, ns', 'decision to loading'],
      rows: [
        [
          asStarted.block + environment.join(' ').length + 1,
          figure(asStarted.net('bench_decide')),
          ratio(asStarted.net('bench_decide'), asStarted.net('bench_load')),
        ],
      ],
    },
    {
      title: 'The clock and the loop around all of it',
      columns: ['bytes of arguments', 'empty program, ns'],
      rows: sizes.slice(0, 1).map((size) => [size, figure(cells[0].times.bench_empty)]),
    },
  ];
}

const baseOf = ({ policy }, cells) => cells.find((cell) => cell.policy === policy && cell.bytes === 0);

/** What arguments cost more than none, by byte and automaton. */
function perByte(cell, base) {
  const without = base.net('bench_decide');
  return figure(
    cell.net('bench_decide').map((time, round) => (time - without[round]) / (cell.bytes * cell.policy.passes)),
  );
}

function targetsOf(cells, patterns) {
  const at = (what, bytes = 300) => cells.find((cell) => cell.policy.what === what && cell.bytes === bytes);
  const ours = at(shipped);
  const [few, many] = [at(10), at(Math.max(...patterns))];
  return [
    {
      what: 'a decision on 12 arguments, 300 bytes, under the shipped policy, to loading those bytes',
      bound: { atMost: 2.5 },
      measured: ratio(ours.net('bench_decide'), ours.net('bench_load')).ratio,
      unit: 'times',
    },
    {
      what: 'a byte in a pass, same decision',
      bound: { atMost: 5 },
      measured: perByte(ours, baseOf(ours, cells)).median,
      unit: 'ns',
    },
    {
      what: `${Math.max(...patterns).toLocaleString('en')} patterns to 10, 300 bytes`,
      bound: { atMost: 1.5 },
      measured: median(many.net('bench_decide').map((time, round) => time / few.net('bench_decide')[round])),
      unit: 'times',
    },
  ];
}
