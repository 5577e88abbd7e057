/** `portcullis policy test`: runs the tests that stand beside policies. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import {
  type Diagnostic,
  type Difference,
  parseTestFile,
  readPolicyFiles,
  runTest,
  type TestFile,
  type TestResult,
} from '../policy/index.js';
import { load } from './load.js';
import { count, print, printDiagnostics, printJson, styleOf } from './output.js';
import { withHelp } from './policy-help.js';
import { type Invocation, type Io, UsageError } from './verb.js';

const extension = '.tests';

const description = `run the tests of policies

The tests of NAME.policy are in NAME.tests beside it, in YAML:

  tests:
    - name: a miner by its name
      event:
        exec.file.path: /tmp/xmrig
        exec.file.name: xmrig
        exec.argv: [-o, "pool.example:3333"]
      rules: [miner_name]       # exactly these match
    - name: a search for it
      event: {exec.file.name: grep, exec.argv: [xmrig]}
      not: [miner_name]         # these do not match

Further keys of a test: type, views, variables, unknown; of the file: policies, variables. An event is written as for
\`policy eval\`. See docs/policies.md.`;

interface TestPath {
  readonly path: string;
  /** The policy that was named, where it was not the file of tests. */
  readonly of?: string;
}

interface Ran {
  readonly file: TestFile;
  /** Errors of the policies under test. */
  readonly errors: readonly Diagnostic[];
  readonly results: readonly TestResult[];
}

export function policyTest({ io, finish }: Invocation): Command {
  const command = new Command('test')
    .summary('run the tests that stand beside policies')
    .description(description)
    .argument('<file...>', 'policies, files of tests, or directories')
    .option('--json', 'print JSON')
    .action(async (paths: string[], { json }: { json?: true }) => {
      const runs: Ran[] = [];
      for (const file of await testFiles(paths)) runs.push(await runFile(file));
      const ok = runs.every(hasPassed);
      if (!ok) finish(1);
      if (json) printJson(io.stdout, { ok, files: runs.map(asJson) });
      else printRuns(runs, io);
    });
  return withHelp(command, {
    examples: ['portcullis policy test policies/cryptominer.policy', 'portcullis policy test --json policies'],
    status: { 0: 'every test passed', 1: 'a test failed, or a policy or a file of tests has errors' },
  });
}

/** The files of tests that paths stand for. */
async function testFiles(paths: readonly string[]): Promise<TestPath[]> {
  const files = new Map<string, TestPath>();
  const add = (file: TestPath) => files.set(file.path, files.get(file.path) ?? file);
  for (const path of paths) {
    if (await isDirectory(path)) {
      const names = (await readdir(path)).filter((name) => name.endsWith(extension)).sort();
      if (names.length === 0) throw new UsageError(`There is no \`*${extension}\` file in ${path}.`);
      for (const name of names) add({ path: join(path, name) });
    } else {
      add(path.endsWith('.policy') ? { path: path.replace(/\.policy$/, extension), of: path } : { path });
    }
  }
  return [...files.values()];
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Whoever reads it says what is wrong.
    return false;
  }
}

async function runFile({ path, of }: TestPath): Promise<Ran> {
  const [source] = await read(path, of);
  const file = parseTestFile(source!);
  if (file.diagnostics.some(({ severity }) => severity === 'error')) return { file, errors: [], results: [] };
  const policies =
    file.policies.length === 0
      ? [path.replace(/(\.tests)?$/, '.policy')]
      : file.policies.map((policy) => join(dirname(path), policy));
  const { ruleset } = await load(policies);
  const errors = ruleset.diagnostics.filter(({ severity }) => severity === 'error');
  return { file, errors, results: file.tests.map((test) => runTest(test, ruleset)) };
}

async function read(path: string, of: string | undefined): ReturnType<typeof readPolicyFiles> {
  try {
    return await readPolicyFiles([path]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const help = of === undefined ? '' : ` Tests of ${of} belong there; \`portcullis policy test --help\` shows one.`;
    throw new UsageError(`${why}${help}`);
  }
}

function hasPassed({ file, errors, results }: Ran): boolean {
  return (
    errors.length === 0 &&
    results.every(({ passed }) => passed) &&
    file.diagnostics.every(({ severity }) => severity !== 'error')
  );
}

function printRuns(runs: readonly Ran[], io: Io): void {
  const style = styleOf(io.stdout, io.env);
  for (const { file, errors, results } of runs) {
    printDiagnostics(io.stdout, [...file.diagnostics, ...errors], io.env);
    for (const { test, passed, differences, problem } of results) {
      if (passed) continue;
      print(
        io.stdout,
        `${style.error('failed')}  ${style.strong(test.name)}  ${style.faint(`${file.file}:${test.line}`)}`,
      );
      if (problem !== undefined) print(io.stdout, `  ${problem}`);
      for (const difference of differences) for (const line of tell(difference)) print(io.stdout, `  ${line}`);
      print(io.stdout, '');
    }
  }
  const results = runs.flatMap((run) => run.results);
  const failed = results.filter(({ passed }) => !passed).length;
  const verdict = runs.every(hasPassed) ? style.strong('ok') : style.error('not ok');
  print(io.stdout, `${verdict}: ${count(results.length, 'test')} in ${count(runs.length, 'file')}; ${failed} failed`);
}

const words: Readonly<Record<Difference['what'], string>> = {
  missing: 'should match, and does not',
  unexpected: 'should not match, and does',
  unknown: 'has no answer: a fact it needs is not known',
  known: 'should have no answer, and has one',
};

function tell({ rule, what, expression, facts }: Difference): string[] {
  const text = expression.split('\n').map((line) => `    ${line}`);
  return [`${rule} ${words[what]}`, ...text, ...facts.map(([name, value]) => `      ${name} = ${shorten(value)}`)];
}

/** A value as far as it fits a few lines; `--json` gives all of it. */
function shorten(value: string): string {
  return value.length <= shownValue ? value : `${value.slice(0, shownValue)}... (${value.length} characters)`;
}

/** Characters of a value shown to a person. */
const shownValue = 300;

function asJson({ file, errors, results }: Ran): unknown {
  return {
    file: file.file,
    diagnostics: [...file.diagnostics, ...errors],
    tests: results.map(({ test, passed, matched, differences, problem }) => ({
      name: test.name,
      line: test.line,
      passed,
      matched,
      differences: differences.map(({ facts, ...rest }) => ({ ...rest, facts: Object.fromEntries(facts) })),
      ...(problem !== undefined && { problem }),
    })),
  };
}
