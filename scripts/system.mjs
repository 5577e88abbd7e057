#!/usr/bin/env node
// npm run test:system [-- FILTER...]: tests in a Debian machine with systemd; a filter is part of a test file's path.
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { root } from './lib/paths.mjs';
import { runMain, runVisibly } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';
import { systemDisk } from './lib/system/root.mjs';

await runMain(async () => {
  await setUp(['build', 'system']);
  await build({ report: 'changes' });
  await systemDisk();
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  return runVisibly([vitest, 'run', '--config', 'vitest.system.config.ts', ...process.argv.slice(2)], { cwd: root });
});
