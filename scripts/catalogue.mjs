#!/usr/bin/env node
// npm run catalogue: is every entry of the bypass catalogue what the last test run saw, and does the page show it?
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemsOf } from './lib/catalogue/check.mjs';
import { readTable, withTables } from './lib/catalogue/table.mjs';
import { buildDir, root } from './lib/paths.mjs';
import { CommandError, NeedsHelpError, runMain, runVisibly, say } from './lib/process.mjs';

const USAGE = `usage: npm run catalogue [-- --write | --run]

Compares docs/catalogue.yaml with the report that the last \`npm test\` left, and with docs/threat-model.md. Fails when the test of
an entry is absent, was skipped or failed, when a blocked trick did not first succeed without the agent in the same virtual machine,
or when the page does not show what the catalogue says.

  --write    makes the tables of docs/threat-model.md anew, and compares nothing
  --run      runs the tests of the catalogue first, and reads their report
`;

const PAGE = join(root, 'docs', 'threat-model.md');
const REPORTS = join(buildDir, 'reports');

/** @param {string} option @returns {Promise<string>} path of the report */
async function report(option) {
  if (option !== '--run') return join(REPORTS, 'vm.json');
  const path = join(REPORTS, 'catalogue.json');
  await mkdir(REPORTS, { recursive: true });
  await rm(path, { force: true });
  const reporter = join(root, 'scripts', 'lib', 'tally-reporter.mjs');
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const argv = [vitest, 'run', '--config', 'vitest.vm.config.ts', '--reporter=default', `--reporter=${reporter}`];
  await runVisibly([...argv, 'test/vm/catalogue'], { cwd: root, env: { ...process.env, PORTCULLIS_TALLY: path } });
  return path;
}

await runMain(async () => {
  const options = process.argv.slice(2);
  if (options.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.length > 1 || options.some((option) => !['--write', '--run'].includes(option)))
    throw new NeedsHelpError(`catalogue does not know ${options.join(' ')}\n\n${USAGE}`);
  const groups = readTable(await readFile(join(root, 'docs', 'catalogue.yaml'), 'utf8'));
  const page = await readFile(PAGE, 'utf8');
  const shown = withTables(page, groups);
  if (options.includes('--write')) {
    await writeFile(PAGE, shown);
    return 0;
  }
  const path = await report(options[0]);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CommandError(`there is no report of the tests in virtual machines (${path}): run \`npm test\` first`);
  });
  const problems = problemsOf(groups, JSON.parse(text).tests ?? []);
  if (page !== shown) problems.push('docs/threat-model.md does not show the catalogue: `npm run catalogue -- --write`');
  for (const problem of problems) say(problem);
  const count = groups.flatMap(({ entries }) => entries).length;
  process.stdout.write(`${count} entries, ${problems.length} problems\n`);
  return problems.length === 0 ? 0 : 1;
});
