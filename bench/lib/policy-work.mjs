// Loads and compiles a generated policy and says what it took. As a process of its own: the first time in one.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { compile } from '../../dist/compiler/index.js';
import { loadPolicies } from '../../dist/policy/index.js';
import { policyOf } from '../rules.mjs';

/**
 * Milliseconds on the processor of the thread that works. Elsewhere than on an idle machine the clock counts other programs' work too.
 */
function processor() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function timed(work) {
  const [begin, before] = [performance.now(), processor()];
  const result = work();
  return { result, processor: processor() - before, clock: performance.now() - begin };
}

/** @param {string} text of a policy */
export function once(text) {
  const loaded = timed(() => loadPolicies([{ file: 'generated.policy', text }]));
  const errors = loaded.result.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`the generated policy has an error: ${errors[0].message}`);
  const compiled = timed(() => compile(loaded.result));
  const { image, plan } = compiled.result;
  return {
    load: loaded.processor,
    compile: compiled.processor,
    clock: loaded.clock + compiled.clock,
    image,
    outside: plan.rules.filter(({ place }) => place === 'user-space').length,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { load, compile: compiled, clock } = once(policyOf(Number(process.argv[2])));
  process.stdout.write(`${JSON.stringify({ load, compile: compiled, clock })}\n`);
}
