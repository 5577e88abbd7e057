#!/usr/bin/env node
// npm run test:soak [-- OPTIONS]: the long form of the tests that have one. npm test runs short forms.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { root } from './lib/paths.mjs';
import { NeedsHelpError, runMain, runVisibly } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

const USAGE = `usage: npm run test:soak [-- [--execs N] [--kills N] [--upgrades N] [--kernel VERSION]]

  --execs N         programs that are executed while policies take turns; default 20000
  --kills N         agents that are killed while a refused program is tried without pause; default 100
  --upgrades N      agents that are replaced by others with another build of the kernel programs meanwhile; default 20
  --kernel VERSION  6.1 or 6.12; default: both, one after the other

0 leaves a part out. What was done and found is printed as one line of JSON for each machine.
`;

const options = /** @type {const} */ ({
  execs: { type: 'string', default: '20000' },
  kills: { type: 'string', default: '100' },
  upgrades: { type: 'string', default: '20' },
  kernel: { type: 'string' },
  help: { type: 'boolean' },
});

await runMain(async () => {
  const wanted = read(process.argv.slice(2));
  if (wanted.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { execs, kills, upgrades, kernel } = wanted;
  const files = [
    ...(execs === '0' ? [] : ['test/vm/soak.test.ts']),
    ...(kills === '0' && upgrades === '0' ? [] : ['test/vm/pins.test.ts']),
  ];
  if (files.length === 0) throw new NeedsHelpError(USAGE);
  await setUp(['build', 'bpftool', 'kernels']);
  await build();
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const only = kernel === undefined ? [] : ['-t', `on ${kernel.replace('.', '\\.')} `];
  const argv = [vitest, 'run', '--config', 'vitest.vm.config.ts', ...only, ...files];
  const env = { PORTCULLIS_SOAK_EXECS: execs, PORTCULLIS_KILLS: kills, PORTCULLIS_UPGRADES: upgrades };
  return runVisibly(argv, { cwd: root, env: { ...process.env, ...env } });
});

/** @param {string[]} words */
function read(words) {
  try {
    const { values } = parseArgs({ args: words, options });
    const numbers = [values.execs, values.kills, values.upgrades].every((text) => /^\d{1,7}$/.test(text));
    if (numbers && (values.kernel === undefined || ['6.1', '6.12'].includes(values.kernel))) return values;
  } catch {}
  throw new NeedsHelpError(USAGE);
}
