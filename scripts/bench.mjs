#!/usr/bin/env node
// `npm run bench`: figures of this machine. Nothing here passes or fails.
import { build } from './lib/build.mjs';
import { setUp } from './lib/setup.mjs';

await setUp(['build']);
await build({ report: 'changes' });
const { policyBenchmark } = await import('../bench/policy.mjs');
policyBenchmark([10, 100, 300, 1000, 10000]);
