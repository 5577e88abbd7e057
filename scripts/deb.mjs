#!/usr/bin/env node
// npm run deb: builds the project and puts it into a Debian package, build/portcullis_VERSION_amd64.deb.
import { stat } from 'node:fs/promises';
import { build } from './lib/build.mjs';
import { buildDeb } from './lib/deb/build.mjs';
import { NeedsHelpError, runMain } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

await runMain(async () => {
  if (process.argv.length > 2)
    throw new NeedsHelpError(`deb takes no arguments, not ${process.argv.slice(2).join(' ')}`);
  await setUp(['build']);
  await build({ parts: ['typescript', 'bpf', 'addon'], report: 'changes' });
  const path = await buildDeb();
  process.stdout.write(`${path} (${((await stat(path)).size / 2 ** 20).toFixed(1)} MiB)\n`);
  return 0;
});
