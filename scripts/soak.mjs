#!/usr/bin/env node
// npm run test:soak [-- EXECS]: the long form of the tests that have one. npm test runs short forms.
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { root } from './lib/paths.mjs';
import { NeedsHelpError, runMain, runVisibly } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

const USAGE = `usage: npm run test:soak [-- EXECS]

  EXECS    programs that are executed while policies take turns; default 20000, in two virtual machines one after the other
`;
const DEFAULT_EXECS = 20_000;

await runMain(async () => {
  const [execs = String(DEFAULT_EXECS), ...rest] = process.argv.slice(2);
  if (execs === '--help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!/^[1-9]\d*$/.test(execs) || rest.length > 0) throw new NeedsHelpError(USAGE);
  await setUp(['build', 'bpftool', 'kernels']);
  await build();
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const argv = [vitest, 'run', '--config', 'vitest.vm.config.ts', 'test/vm/soak.test.ts'];
  return runVisibly(argv, { cwd: root, env: { ...process.env, PORTCULLIS_SOAK_EXECS: execs } });
});
