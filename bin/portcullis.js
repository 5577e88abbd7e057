#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('portcullis: this checkout is not built yet; run `npm run build` in it first\n');
  process.exitCode = 2;
}
