import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { pages } from './blocks.js';

test('the index of the documentation links every page', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const others = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(others.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});

test('links lead to files and headings that there are', () => {
  const broken: string[] = [];
  for (const page of pages()) {
    const text = readFileSync(page, 'utf8').replace(/```[\s\S]*?```/g, '');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path = '', heading] = target!.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(file) || (heading !== undefined && !headingsOf(file).includes(heading)))
        broken.push(`${page}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

/** As GitHub makes anchors of them. */
function headingsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
