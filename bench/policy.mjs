// From policy text to image: how long loading and compiling take, by number of rules.
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { compile } from '../dist/compiler/index.js';
import { loadPolicies } from '../dist/policy/index.js';
import { policyOf } from './rules.mjs';

/** Milliseconds of wall time and of the process's own CPU time. */
function timed(work) {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const result = work();
  const used = process.cpuUsage(cpu);
  return { result, wall: performance.now() - begin, cpu: (used.user + used.system) / 1000 };
}

function once(text) {
  const loaded = timed(() => loadPolicies([{ file: 'generated.policy', text }]));
  const errors = loaded.result.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`the generated policy has an error: ${errors[0].message}`);
  const compiled = timed(() => compile(loaded.result));
  return { load: loaded, compile: compiled, bytes: compiled.result.image.length, plan: compiled.result.plan };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const span = (values) => `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;

/** Prints one row for each size: the first run of the process is the size 10 and is told apart. */
export function policyBenchmark(sizes) {
  const begin = once(policyOf(300));
  console.log(
    `first run in a process, 300 rules: load ${begin.load.wall.toFixed(0)} ms, compile ${begin.compile.wall.toFixed(0)} ms`,
  );
  console.log(
    `machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}; milliseconds of wall time, median (spread)\n`,
  );
  console.log('   rules  runs  load              compile           together  in user space  image bytes');
  for (const size of sizes) {
    const text = policyOf(size);
    const runs = Array.from({ length: size > 1000 ? 3 : 7 }, () => once(text));
    const together = runs.map((run) => run.load.wall + run.compile.wall);
    const cell = (values) => `${median(values).toFixed(0)} (${span(values)})`.padEnd(16);
    const outside = runs[0].plan.rules.filter(({ place }) => place === 'user-space').length;
    console.log(
      `${String(size).padStart(8)}  ${String(runs.length).padStart(4)}  ${cell(runs.map((run) => run.load.wall))}  ` +
        `${cell(runs.map((run) => run.compile.wall))}  ${median(together).toFixed(0).padStart(8)}  ` +
        `${String(outside).padStart(13)}  ${String(runs[0].bytes).padStart(11)}`,
    );
  }
}
