#!/usr/bin/env node
// npm run verifier [-- --update]: loads every BPF program on every kernel and compares what verifying it cost with its
// budget.
import { buildBpfObjects } from './lib/bpf-objects.mjs';
import { KERNELS } from './lib/kernels.mjs';
import { NeedsHelpError, runMain, say, step } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';
import { problemOf, readBudget, writeBudget } from './lib/verifier/budget.mjs';
import { measureInVm, measureNatively } from './lib/verifier/measure.mjs';

/** @param {string[]} cells */
function row(cells) {
  const widths = [16, 34, 40, 8, 9];
  return `${cells.map((cell, index) => (index === 4 ? cell.padStart(9) : cell.padEnd(widths[index] ?? 0))).join(' ')}`.trimEnd();
}

await runMain(async () => {
  const options = process.argv.slice(2);
  if (options.some((option) => option !== '--update')) {
    throw new NeedsHelpError(
      'usage: npm run verifier [-- --update]\n\n  --update    set budgets.json from what is measured',
    );
  }
  await setUp(['build', 'kernels']);
  const { objects } = await buildBpfObjects();
  if (objects.length === 0) throw new NeedsHelpError('there is no bpf/*.bpf.c');
  const runs = [];
  if (process.getuid?.() === 0) runs.push(await measureNatively(objects));
  else say('not root: the machine at hand is left out');
  for (const kernel of KERNELS) runs.push(await step(`kernel ${kernel}`, () => measureInVm(kernel, objects)));

  const measurements = runs.flatMap((run) => run.measurements);
  if (options.includes('--update')) await writeBudget(measurements);
  const budget = await readBudget();
  const lines = [row(['object', 'program', 'section', 'kernel', 'insns', 'remark'])];
  let problems = 0;
  for (const measurement of measurements.sort((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }))) {
    const { object, program, section, kernel, outcome, instructions, error } = measurement;
    const problem = problemOf(measurement, budget);
    if (problem !== undefined) problems += 1;
    const remark = problem ?? (outcome === 'ok' ? '' : `${outcome}: ${error}`);
    lines.push(row([object, program, section, kernel, outcome === 'ok' ? String(instructions) : '-', remark]));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  if (problems > 0) process.stderr.write(runs.map((run) => run.log).join(''));
  const loaded = measurements.filter(({ outcome }) => outcome === 'ok').length;
  process.stdout.write(`${loaded} of ${measurements.length} loads succeeded, ${problems} problems\n`);
  return problems === 0 ? 0 : 1;
});

/** @param {import('./lib/verifier/measure.mjs').Measurement} measurement */
function key({ object, program, section, kernel }) {
  return `${object} ${program} ${section} ${kernel}`;
}
