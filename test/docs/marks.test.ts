import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blocksOf, commandsOf, isOfCommands, pages } from './blocks.js';

const blocks = pages().flatMap((page) => blocksOf(page));
const commands = blocks.filter(isOfCommands);
const place = ({ page, line }: { page: string; line: number }) => `${page}:${line}`;
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

test('every block says its language', () => {
  expect(blocks.filter(({ language }) => language === '').map(place)).toEqual([]);
});

test('every block of commands says where a test runs it', () => {
  const places = ['files', 'host', 'checkout', 'not'];
  expect(commands.filter(({ marks }) => !places.includes(marks.get('run') ?? '')).map(place)).toEqual([]);
  expect(commands.length).toBeGreaterThan(20);
});

test('what is run nowhere says why, and is little', () => {
  const nowhere = commands.filter(({ marks }) => marks.get('run') === 'not');
  expect(nowhere.filter(({ marks }) => (marks.get('why') ?? '').length < 10).map(place)).toEqual([]);
  expect(nowhere.length).toBeLessThanOrEqual(6);
});

test('commands of the checkout are scripts and verbs that there are', () => {
  for (const block of commands.filter(({ marks }) => marks.get('run') === 'checkout')) {
    for (const { text } of commandsOf(block)) expect(whatIsMissing(text), `${place(block)}: ${text}`).toBe('');
  }
});

/** npm and the checkout's own command are all that is spoken of there. */
function whatIsMissing(text: string): string {
  const [, script] = /^npm (?:run )?([\w:]+)/.exec(text) ?? [];
  if (script !== undefined) return script === 'pack' || script in scripts ? '' : `no script ${script}`;
  const [, words] = /^npx --no-install portcullis (\w+)/.exec(text) ?? [];
  if (words === undefined) return 'neither a script nor a verb';
  return spawnSync(process.execPath, ['bin/portcullis.js', words, '--help']).status === 0 ? '' : `no verb ${words}`;
}

test('a block is taken apart as its language has it', () => {
  const page = ['```console run=host why="a b"', '# one \\', '  two', 'prints', '', '$ three', '```', ''].join('\n');
  const [block, ...rest] = blocksOf('page', page);
  expect(rest).toEqual([]);
  expect([...block!.marks]).toEqual([
    ['run', 'host'],
    ['why', 'a b'],
  ]);
  expect(commandsOf(block!)).toEqual([
    { text: 'one   two', prints: ['prints'] },
    { text: 'three', prints: [] },
  ]);
  const [script] = blocksOf('page', '```sh run=files\n# said\none # two\n```\n');
  expect(commandsOf(script!)).toEqual([{ text: 'one # two', prints: [] }]);
  expect(() => blocksOf('page', '```sh\n')).toThrow('page:1: the block does not end');
});
