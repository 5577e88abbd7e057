#!/usr/bin/env node
// npm run build [-- PART...]: installs what is missing for it, then builds.
import { build, buildParts } from './lib/build.mjs';
import { NeedsHelpError, runMain } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

await runMain(async () => {
  const parts = process.argv.slice(2);
  const unknown = parts.filter((part) => !buildParts.includes(part));
  if (unknown.length > 0) throw new NeedsHelpError(`build knows ${buildParts.join(', ')}, not ${unknown.join(', ')}`);
  await setUp(['build']);
  await build({ parts: parts.length > 0 ? parts : buildParts });
  return 0;
});
