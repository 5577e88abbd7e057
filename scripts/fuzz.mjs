#!/usr/bin/env node
// npm run fuzz [-- --seconds N --target NAME --seed N]: what the language, the policy loader, the compiler, the evaluator, the
// configuration, the control socket and the HTTP endpoints must survive. Ends with 1 when something was found; each finding is saved, as small as it could be made.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { withLock } from './lib/lock.mjs';
import { buildDir, root } from './lib/paths.mjs';
import { NeedsHelpError, run, runMain, say } from './lib/process.mjs';
import { filesIn, isStale } from './lib/staleness.mjs';
import { tsc } from './lib/typescript.mjs';

const USAGE = `usage: npm run fuzz [-- --seconds N --target NAME --seed N]

  --seconds N      for so long (default 60)
  --target NAME    lexer, parser, policy, compiler, eval, config, control, sockets or all (default all)
  --seed N         the same choices again (default: by the clock, printed)
`;

/** Compiles the harness and what it tests into build/fuzz, when one of the files changed. */
async function buildHarness() {
  const project = join(root, 'test', 'fuzz', 'tsconfig.json');
  const stamp = join(buildDir, 'fuzz', '.tsbuildinfo');
  // Types are checked by npm test; here a type error in the middle of an edit is no reason not to fuzz.
  await withLock(join(buildDir, '.fuzz-lock'), async () => {
    const sources = [project, ...['src', 'test'].flatMap((folder) => filesIn(join(root, folder), /\.ts$/))];
    if (existsSync(stamp) && !isStale(stamp, sources)) return;
    await run([tsc, '-p', project, '--incremental', 'false', '--noCheck'], { cwd: root });
    await run(['touch', stamp]);
  });
}

/** @param {string | undefined} text @param {string} name @param {number} otherwise */
function number(text, name, otherwise) {
  if (text === undefined) return otherwise;
  if (!/^[0-9]{1,9}$/.test(text)) throw new NeedsHelpError(`--${name} takes a whole number\n\n${USAGE}`);
  return Number(text);
}

function readOptions() {
  const text = { type: /** @type {const} */ ('string') };
  try {
    const { values } = parseArgs({
      options: { seconds: text, target: text, seed: text, help: { type: 'boolean' } },
    });
    return values;
  } catch (error) {
    throw new NeedsHelpError(`${error.message}\n\n${USAGE}`);
  }
}

await runMain(async () => {
  const { help, ...values } = readOptions();
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const seconds = number(values.seconds, 'seconds', 60);
  const seed = number(values.seed, 'seed', Date.now() % 1_000_000_000);
  await buildHarness();
  const compiled = (/** @type {string} */ file) =>
    import(pathToFileURL(join(buildDir, 'fuzz', 'test', 'fuzz', file)).href);
  const { targets: known } = await compiled('targets.js');
  const wanted = values.target ?? 'all';
  if (wanted !== 'all' && wanted !== 'sockets' && !(wanted in known))
    throw new NeedsHelpError(`no target ${wanted}\n\n${USAGE}`);
  const targets = wanted === 'all' ? Object.keys(known) : wanted === 'sockets' ? [] : [wanted];
  const sockets = wanted === 'all' || wanted === 'sockets';

  say(`fuzzing ${[...targets, ...(sockets ? ['sockets'] : [])].join(', ')} for ${seconds} s, seed ${seed}`);
  const { fuzz } = await compiled('run.js');
  const onFinding = ({ attempt, failure, input, file }) => {
    process.stdout.write(
      `${attempt.target}: ${failure.message}\n  ${JSON.stringify(input.slice(0, 500))}\n  saved: ${file}\n`,
    );
  };
  const { fuzzSockets } = await compiled('sockets.js');
  const none = { connections: 0, answered: 0, problems: [] };
  // The inputs are tried in a thread of their own; this one has time for the sockets.
  const [{ tries, findings }, { connections, answered, problems }] = await Promise.all([
    targets.length === 0 ? { tries: 0, findings: [] } : fuzz({ root, targets, seconds, seed, onFinding }),
    sockets ? fuzzSockets({ until: { seconds }, seed }) : none,
  ]);
  for (const problem of problems) process.stdout.write(`sockets: ${problem}\n`);
  if (sockets) process.stdout.write(`${connections} hostile connections, ${answered} others answered meanwhile\n`);
  const found = findings.length + problems.length;
  process.stdout.write(`${tries} inputs, ${found} findings, seed ${seed}\n`);
  return found === 0 ? 0 : 1;
});
