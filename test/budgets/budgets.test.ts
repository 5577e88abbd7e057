// What must not grow without anybody noticing, counted and not timed. A change that costs more has to raise its number in budgets.json,
// and so is seen in review; one that costs less should lower it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostPatterns, patternPolicy } from '../../bench/lib/decision-input.mjs';
import { problemOf, readBudget } from '../../scripts/lib/verifier/budget.mjs';
import { measureNatively } from '../../scripts/lib/verifier/measure.mjs';
import { header } from '../../src/compiler/image/layout.js';
import { type Compiled, compile } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const budgets = JSON.parse(readFileSync(join(root, 'budgets.json'), 'utf8'));

/** Further above what is counted, a budget guards nothing. */
const slack = 1.3;

function compiled(text: string): Compiled {
  return compile(loadPolicies([{ file: 'budget.policy', text }]));
}

/** Table sizes of an image, and how many automata read each byte of a stream. */
function sizesOf({ image, plan }: Compiled): Record<string, number> {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const steps = (of: string) => plan.passes.find(({ stream }) => stream === of)?.automata.length ?? 0;
  return {
    imageBytes: image.length,
    atomWords: view.getUint32(header.atom_words, true),
    clauses: view.getUint32(header.clauses + 4, true),
    clausesAlwaysTried: view.getUint32(header.always, true),
    automatonStates: plan.passes.flatMap(({ automata }) => automata).reduce((sum, { states }) => sum + states, 0),
    stepsAByteOfArguments: steps('args'),
    stepsAByteOfEnvironment: steps('envs'),
    stepsAByteOfPath: steps('path'),
  };
}

function expectWithin(measured: Readonly<Record<string, number>>, budget: Readonly<Record<string, number>>): void {
  expect(Object.keys(budget).sort()).toEqual(Object.keys(measured).sort());
  for (const [name, value] of Object.entries(measured)) {
    expect(value, `${name}: above its budget`).toBeLessThanOrEqual(budget[name]!);
  }
}

/** An image is the same everywhere, so that its budget can be held close. */
function expectClose(measured: Readonly<Record<string, number>>, budget: Readonly<Record<string, number>>): void {
  expectWithin(measured, budget);
  for (const [name, value] of Object.entries(measured)) {
    expect(budget[name], `${name}: the budget is far above it`).toBeLessThanOrEqual(Math.ceil(value * slack));
  }
}

describe('budgets', () => {
  it('of the shipped policy', () => {
    expectClose(sizesOf(compiled(readFileSync(join(root, 'policies/cryptominer.policy'), 'utf8'))), budgets.shipped);
  });

  it('of two thousand patterns, each byte of which is one step as with one', () => {
    const many = sizesOf(compiled(patternPolicy(hostPatterns(2000))));
    expectClose(many, budgets.patterns);
    expect(many.stepsAByteOfArguments).toBe(sizesOf(compiled(patternPolicy(['x']))).stepsAByteOfArguments);
  });

  it('of the memory that an event takes, from record to JSON', () => {
    const script = fileURLToPath(new URL('allocations.mjs', import.meta.url));
    // A young generation that all the events fit into: nothing is collected while they are counted.
    const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
    const { NODE_OPTIONS: _, ...env } = process.env;
    const bytes = Number(execFileSync(process.execPath, [...flags, script], { encoding: 'utf8', env }));
    expectWithin({ allocatedBytes: bytes }, budgets.event);
  });

  it('of the verifier, for what this kernel loads', async (context) => {
    if (process.getuid?.() !== 0) context.skip('BPF programs are loaded by root only');
    const directory = join(root, 'build/bpf');
    const objects = readdirSync(directory).filter((name) => name.endsWith('.bpf.o'));
    const { measurements } = await measureNatively(objects.map((name) => join(directory, name)));
    const loaded = measurements.filter(({ outcome }) => outcome === 'ok');
    if (loaded.length === 0) context.skip('this kernel loads no BPF program');
    const budget = await readBudget();
    const problems = measurements.map((one) => [one.program, problemOf(one, budget)]).filter(([, what]) => what);
    expect(problems, 'npm run verifier -- --update sets them').toEqual([]);
  });
});
