#!/usr/bin/env node
// `npm run bench`: figures of this machine. Nothing here passes or fails but --check.
import { parseArgs } from 'node:util';
import { bothPages, writePage } from '../bench/lib/page.mjs';
import { sectionText, targetsText } from '../bench/lib/render.mjs';
import { mergeResult, stored } from '../bench/lib/results.mjs';
import { loadSection, sectionNames } from '../bench/lib/sections.mjs';
import { build } from './lib/build.mjs';
import { NeedsHelpError, runMain, step } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';

const USAGE = `usage: npm run bench -- [SECTION...] [OPTION...]

  SECTION        ${sectionNames.join(', ')}; default: all of them

  --quick        fewer runs: whether it works and roughly what it costs
  --soak SECONDS how long the soak of section memory goes on (default 1800, with --quick 30)
  --json FILE    merges the results into FILE, each section under its name
  --page         writes the tables of bench/results.json into docs/performance.md
  --check        says whether docs/performance.md has the tables of bench/results.json; measures nothing
`;

const OPTIONS = {
  quick: { type: 'boolean' },
  soak: { type: 'string' },
  json: { type: 'string' },
  page: { type: 'boolean' },
  check: { type: 'boolean' },
  help: { type: 'boolean' },
};

/** @param {string[]} words */
function readOptions(words) {
  try {
    return parseArgs({ args: words, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new NeedsHelpError(`${error.message}\n\n${USAGE}`);
  }
}

/** @param {string[]} names @param {{quick?: boolean, soak?: string, json?: string}} values */
async function measure(names, { quick, soak, json }) {
  const seconds = soak === undefined ? undefined : Number(soak);
  if (seconds !== undefined && !(seconds > 0)) throw new NeedsHelpError(`--soak ${soak}: not a number of seconds`);
  const options = { effort: quick ? 'quick' : 'full', ...(seconds !== undefined && { soak: seconds }) };
  await setUp(['build']);
  await build({ report: 'changes' });
  for (const name of names) {
    const section = await loadSection(name);
    const result = await step(`bench ${name}`, () => section.run(options));
    const words = [name, ...(quick ? ['--quick'] : []), ...(soak ? ['--soak', soak] : [])];
    const kept = stored(result, `npm run bench -- ${words.join(' ')}`);
    process.stdout.write(`\n# ${name}\n\n${sectionText(kept)}\n`);
    if (kept.targets?.length) process.stdout.write(`\n${targetsText({ [name]: kept }, [name])}\n`);
    if (json !== undefined) await mergeResult(json, name, kept);
  }
}

await runMain(async () => {
  const { values, positionals } = readOptions(process.argv.slice(2));
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.check) {
    const { before, after } = await bothPages();
    const same = before === after;
    process.stdout.write(`docs/performance.md ${same ? 'has' : 'does not have'} the tables of bench/results.json\n`);
    return same ? 0 : 1;
  }
  const unknown = positionals.filter((name) => !sectionNames.includes(name));
  if (unknown.length > 0) throw new NeedsHelpError(`there is no section ${unknown.join(', ')}\n\n${USAGE}`);
  if (positionals.length > 0 || !values.page)
    await measure(positionals.length > 0 ? positionals : sectionNames, values);
  if (values.page) await writePage();
  return 0;
});
