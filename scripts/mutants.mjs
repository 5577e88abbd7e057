#!/usr/bin/env node
// npm run mutants [-- PART-OF-A-FILE-NAME...]: tries each edit of test/mutants/list.mjs; every one must make a test fail.
import { performance } from 'node:perf_hooks';
import { mutants } from '../test/mutants/list.mjs';
import { build } from './lib/build.mjs';
import { MutantCopy } from './lib/mutant-copy.mjs';
import { NeedsHelpError, runMain, say, seconds } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

/** One seed, so that each run tries the same; as many pairs as a test run has. */
const ENV = { PORTCULLIS_SEED: process.env.PORTCULLIS_SEED ?? '1', PORTCULLIS_PAIRS: '2400', PORTCULLIS_SHRINK: '0' };

/**
 * @param {MutantCopy} copy
 * @param {import('../test/mutants/list.mjs').Mutant} mutant
 * @returns {Promise<{caught: boolean, by: string}>}
 */
async function tryMutant(copy, mutant) {
  try {
    const outcome = await copy.with(mutant, () => copy.test(mutant.tests, ENV));
    if (outcome === 'does not apply') return { caught: false, by: 'DOES NOT APPLY: its line is not there once' };
    return outcome.failed === undefined ? { caught: false, by: 'SURVIVES' } : { caught: true, by: outcome.failed };
  } catch (error) {
    // By its code: the copy builds with its own modules, and so with its own class of error.
    if (error.code !== 'COMMAND_FAILED') throw error;
    return { caught: false, by: `DOES NOT BUILD: ${error.output.split('\n')[0]}` };
  }
}

await runMain(async () => {
  if (process.getuid?.() !== 0) throw new NeedsHelpError('the mutants of the kernel programs are loaded by root only');
  const parts = process.argv.slice(2);
  const chosen = mutants.filter(({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)));
  if (chosen.length === 0) throw new NeedsHelpError(`no mutant edits a file named like ${parts.join(', ')}`);
  await setUp(['build']);
  await build({ parts: ['addon'], report: 'changes' });

  const copy = await MutantCopy.make();
  const begin = performance.now();
  try {
    // A test that fails anyway would seem to catch everything.
    const tests = [...new Set(chosen.flatMap(({ tests }) => tests))];
    const { failed } = await copy.test(tests, ENV);
    if (failed !== undefined) {
      say(`without any edit a test fails: ${failed}`);
      return 1;
    }
    let survivors = 0;
    for (const mutant of chosen) {
      const start = performance.now();
      const { caught, by } = await tryMutant(copy, mutant);
      if (!caught) survivors++;
      const took = seconds(performance.now() - start).padStart(7);
      process.stdout.write(`${caught ? 'caught  ' : 'NOT     '} ${took}  ${mutant.file}: ${mutant.breaks}\n`);
      process.stdout.write(`                  by ${by}\n`);
    }
    const total = seconds(performance.now() - begin);
    process.stdout.write(`${chosen.length - survivors} of ${chosen.length} mutants caught in ${total}\n`);
    return survivors === 0 ? 0 : 1;
  } finally {
    await copy.remove();
  }
});
