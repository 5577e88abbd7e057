// From policy text to image: how long loading and compiling take, by number of rules.
import { performance } from 'node:perf_hooks';
import { compile } from '../dist/compiler/index.js';
import { loadPolicies } from '../dist/policy/index.js';
import { figure } from './lib/statistics.mjs';
import { policyOf } from './rules.mjs';

export const name = 'policy';

const SIZES = { quick: [10, 300, 1000], full: [10, 100, 300, 1000, 10000] };

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const cold = once(policyOf(300));
  const rows = [];
  const together = new Map();
  for (const size of SIZES[effort]) {
    const text = policyOf(size);
    const runs = Array.from({ length: size > 1000 ? 3 : 7 }, () => once(text));
    const sums = figure(runs.map((run) => run.load + run.compile));
    together.set(size, sums.median);
    const outside = runs[0].plan.rules.filter(({ place }) => place === 'user-space').length;
    const times = [figure(runs.map((run) => run.load)), figure(runs.map((run) => run.compile)), sums];
    rows.push([size, ...times, outside, runs[0].bytes]);
  }
  const columns = ['rules', 'load, ms', 'compile, ms', 'together, ms', 'rules in user space', 'image, bytes'];
  const targets = [
    { what: '300 rules, first in a process', measured: cold.load + cold.compile, bound: { atMost: 300 }, unit: 'ms' },
  ];
  if (together.has(10000)) {
    targets.push({ what: '10,000 rules', measured: together.get(10000), bound: { atMost: 5000 }, unit: 'ms' });
  }
  return { tables: [{ title: 'From text to image, in a warm process', columns, rows }], targets };
}

/** Milliseconds of wall time. */
function timed(work) {
  const begin = performance.now();
  const result = work();
  return { result, time: performance.now() - begin };
}

function once(text) {
  const loaded = timed(() => loadPolicies([{ file: 'generated.policy', text }]));
  const errors = loaded.result.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`the generated policy has an error: ${errors[0].message}`);
  const compiled = timed(() => compile(loaded.result));
  const { image, plan } = compiled.result;
  return { load: loaded.time, compile: compiled.time, bytes: image.length, plan };
}
