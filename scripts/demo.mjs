#!/usr/bin/env node
// npm run demo: the shipped policy against harmless stand-ins for miners, on a real kernel.
import { judge } from './demo/judge.mjs';
import { readOptions, USAGE } from './demo/options.mjs';
import { runInMachine, runOnHost } from './demo/places.mjs';
import { evidenceLines, outcomeLines } from './demo/print.mjs';
import { SectionReader } from './demo/sections.mjs';
import { build } from './lib/build.mjs';
import { runMain, say, seconds } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

/** What to say while a section runs. @type {Record<string, string>} */
const PROGRESS = {
  without: 'trying the stand-ins without the agent',
  start: 'starting the agent with the shipped policy, set to enforce',
  with: 'trying the same stand-ins again',
  stop: 'stopping the agent',
  detached: 'trying once more: everything must run again',
};

const print = (lines) => process.stdout.write(`${lines.join('\n')}\n`);

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.where === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  await setUp(options.where === 'vm' ? ['build', `kernel-${options.kernel}`] : ['build']);
  await build({ report: 'changes' });

  const started = Date.now();
  const found = new SectionReader((name) => {
    if (name in PROGRESS) say(`${seconds(Date.now() - started)}: ${PROGRESS[name]}`);
  });
  const accept = (chunk) => found.accept(chunk);
  if (options.where === 'vm') {
    say(`booting a virtual machine with kernel ${options.kernel}`);
    await runInMachine(options.kernel, accept);
  } else {
    await runOnHost(accept);
  }
  if (!found.has('errors')) {
    print(['The demo did not come to its end.', ...found.lines('failure')]);
    return 1;
  }

  const rows = judge(found);
  print([...evidenceLines(found), ...outcomeLines(rows)]);
  const wrong = rows.filter(({ problems }) => problems.length > 0).length;
  const clean = found.lines('stop').at(-1) === '0' && found.lines('errors').length === 0;
  if (!clean) print(['WRONG: the agent did not end cleanly', ...found.lines('errors')]);
  const [release, modules] = found.lines('system');
  print([
    '',
    `${rows.length - wrong} of ${rows.length} as expected, on kernel ${release} (${modules}), in ${seconds(Date.now() - started)}.`,
  ]);
  return wrong === 0 && clean ? 0 : 1;
});
