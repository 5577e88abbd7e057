import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { programOf } from '../../src/cli/command-line.js';
import { pages } from './blocks.js';

let program: Command;

beforeAll(async () => {
  program = await programOf([], { io: process, finish: () => {} });
});

const spoken = pages().flatMap((page) => {
  const text = readFileSync(page, 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/`portcullis( [^`]+)`/g)].map(([, words]) => ({ page, words: words!.trim().split(/\s+/) }));
});

/** What the command line does not know of these words; undefined when it takes them. */
function unknown(words: readonly string[]): string | undefined {
  let command = program;
  let verbs = true;
  for (const word of words) {
    const child = verbs ? command.commands.find((each) => each.name() === word) : undefined;
    if (child !== undefined) command = child;
    else if (word.startsWith('--') && word !== '--help') {
      if (!command.options.some(({ long }) => long === word.replace(/=.*/, ''))) return word;
    } else if (command.commands.length > 0 && /^[a-z]+$/.test(word)) return word;
    else verbs = false;
  }
  return undefined;
}

test('every verb and option that a page speaks of is there', () => {
  expect(spoken.length).toBeGreaterThan(40);
  const wrong = spoken.filter(({ words }) => unknown(words) !== undefined);
  expect(wrong.map(({ page, words }) => `${page}: portcullis ${words.join(' ')}`)).toEqual([]);
});

test('a verb or an option that there is not is found', () => {
  expect(unknown(['polcy', 'check'])).toBe('polcy');
  expect(unknown(['policy', 'chek'])).toBe('chek');
  expect(unknown(['policy', 'check', '--strct'])).toBe('--strct');
  expect(unknown(['policy', 'check', '--strict', 'FILE'])).toBeUndefined();
});
