#!/usr/bin/env node
// npm run setup: installs all that any command needs, so that later ones work without a network.
import { runMain, say, seconds } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

await runMain(async () => {
  const started = Date.now();
  await setUp(['build', 'kernels', 'bpftool']);
  say(`set up (${seconds(Date.now() - started)})`);
  return 0;
});
