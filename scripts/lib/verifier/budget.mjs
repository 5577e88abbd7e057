// The part of budgets.json about the verifier: the most instructions it may walk, a program. A change that makes a program costlier to
// verify has to raise its number, and so is seen in review.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../paths.mjs';

const path = join(root, 'budgets.json');

/** A new budget is what was measured and this much more. Kernels differ from one point release to the next. */
const HEADROOM = 1.25;

/** All budgets; here only `verifier` counts. */
async function readAll() {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** @returns {Promise<Record<string, number>>} program -> instructions */
export async function readBudget() {
  return (await readAll()).verifier;
}

/**
 * Sets every program's budget from measurements.
 * @param {import('./measure.mjs').Measurement[]} measurements
 */
export async function writeBudget(measurements) {
  const worst = new Map();
  for (const { program, instructions, outcome } of measurements) {
    if (outcome === 'ok') worst.set(program, Math.max(instructions, worst.get(program) ?? 0));
  }
  const budget = [...worst].sort().map(([program, count]) => [program, Math.ceil((count * HEADROOM) / 100) * 100]);
  const all = { ...(await readAll()), verifier: Object.fromEntries(budget) };
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`);
}

/**
 * What is wrong with one measurement, else undefined. A refusal counts in a virtual machine, where every program has to
 * load, and not on the machine at hand, whose kernel may be restricted.
 * @param {import('./measure.mjs').Measurement} measurement
 * @param {Record<string, number>} budget
 * @returns {string | undefined}
 */
export function problemOf({ kernel, program, outcome, instructions, error }, budget) {
  switch (outcome) {
    case 'refused':
      return kernel === 'native' ? undefined : `refused: ${error}`;
    case 'rejected':
      return `rejected by the verifier: ${error}`;
    case 'ok':
      if (budget[program] === undefined) return 'has no budget in budgets.json (--update writes one)';
      return instructions > budget[program] ? `above its budget of ${budget[program]}` : undefined;
    default:
      throw new Error(`unknown outcome ${outcome}`);
  }
}
