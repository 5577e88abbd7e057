#!/usr/bin/env node
// npm test [-- --quick]: set-up, build, format and lint, types, native tests, then tests in virtual machines.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { buildDir, root } from './lib/paths.mjs';
import { NeedsHelpError, runMain, runVisibly, say } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';
import { sum, tallyOfCheck, tallyOfVitest } from './lib/test-report.mjs';

// Tests pin objects in the BPF file system, which systemd mounts and a container often lacks. Without root they are skipped.
if (process.getuid?.() === 0 && !readFileSync('/proc/mounts', 'utf8').includes(' /sys/fs/bpf bpf '))
  spawnSync('mount', ['-t', 'bpf', 'bpf', '/sys/fs/bpf']);

const USAGE = `usage: npm test [-- --quick]

  --quick    without the tests in virtual machines
`;

/** @param {string} name */
const tool = (name) => join(root, 'node_modules', '.bin', name);

const reporter = join(root, 'scripts', 'lib', 'tally-reporter.mjs');

/** Each run adds to the closing line. @type {Record<string, () => Promise<import('./lib/test-report.mjs').Tally>>} */
const RUNS = {
  'format and lint': () => check([tool('biome'), 'check', '.']),
  types: () => check([tool('tsc'), '-p', 'tsconfig.test.json', '--pretty', 'false']),
  'native tests': () => vitest('native', 'vitest.config.ts'),
  'tests in virtual machines': () => vitest('vm', 'vitest.vm.config.ts'),
};

/** @param {string[]} argv */
async function check(argv) {
  return tallyOfCheck((await runVisibly(argv, { cwd: root })) === 0);
}

/** @param {string} name of the report @param {string} config */
async function vitest(name, config) {
  const report = join(buildDir, 'reports', `${name}.json`);
  await mkdir(join(buildDir, 'reports'), { recursive: true });
  await rm(report, { force: true });
  const argv = [tool('vitest'), 'run', '--config', config, '--reporter=default', `--reporter=${reporter}`];
  const status = await runVisibly(argv, { cwd: root, env: { ...process.env, PORTCULLIS_TALLY: report } });
  return tallyOfVitest(report, status);
}

await runMain(async () => {
  const options = process.argv.slice(2);
  if (options.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const unknown = options.filter((option) => option !== '--quick');
  if (unknown.length > 0) throw new NeedsHelpError(`test does not know ${unknown.join(' ')}\n\n${USAGE}`);
  const quick = options.includes('--quick');

  const wanted = quick ? ['build'] : ['build', 'bpftool', 'kernels'];
  await setUp(process.env.CI ? [...wanted, 'prometheus'] : wanted);
  await build();
  const tallies = [];
  for (const [title, run] of Object.entries(RUNS)) {
    if (quick && title === 'tests in virtual machines') {
      say(`${title}: left out by --quick`);
      continue;
    }
    say(`${title} ...`);
    tallies.push(await run());
  }
  const total = sum(tallies);
  for (const { name, reason } of total.skipped) say(`skipped: ${name}: ${reason}`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`);
  return total.failed === 0 ? 0 : 1;
});
