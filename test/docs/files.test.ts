import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../../scripts/lib/paths.mjs';
import { blocksOf, pages } from './blocks.js';
import { type Place, runPage } from './run-page.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-docs-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A directory of its own, in which `policies` are the shipped ones. */
function place(): Place {
  const bin = join(directory, 'bin');
  const work = join(directory, 'work');
  mkdirSync(bin);
  cpSync(join(root, 'policies'), join(work, 'policies'), { recursive: true });
  const command = join(bin, 'portcullis');
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${join(root, 'bin', 'portcullis.js')} "$@"\n`);
  chmodSync(command, 0o755);
  return {
    async run(text) {
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, PORTCULLIS_PASSPHRASE: 'a page' };
      // Whoever reads the page says yes where a command asks.
      const options = { cwd: work, env, encoding: 'utf8', input: 'y\n' } as const;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', text], options);
      return { status: status ?? 1, stdout, stderr };
    },
    async write(path, text) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    },
  };
}

const hasSome = (page: string) => blocksOf(page).some(({ marks }) => marks.get('run') === 'files');

test.each(pages().filter(hasSome))('%s: what it says of files comes out so', { timeout: 300_000 }, async (page) => {
  expect((await runPage(page, 'files', place())).join('\n')).toBe('');
});

test('a command that prints something else than the page says is told', async () => {
  const here = place();
  const page = join(directory, 'page.md');
  const block = ['```console run=files', '$ echo some words', 'other words', '$ false', '$ echo fine', 'fine', '```'];
  writeFileSync(page, block.join('\n'));
  const problems = await runPage(page, 'files', here);
  expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
    `${page}:1: \`echo some words\` does not print "other words"`,
    `${page}:1: \`false\` ends with status 1`,
  ]);
});
