import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** The folders of src, each with those before it at its disposal. */
const way = ['secl', 'policy', 'compiler', 'kernel', 'events', 'rules', 'rollout', 'telemetry', 'agent', 'cli'];

test('every folder of src is a step of the way, and imports from earlier ones alone', () => {
  expect(readdirSync('src').sort()).toEqual([...way].sort());
  const wrong: string[] = [];
  let imports = 0;
  for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const step = way.indexOf(file.split('/')[0]!);
    for (const [, path] of readFileSync(join('src', file), 'utf8').matchAll(
      /from '(\.[^']+)'|import\('(\.[^']+)'\)/g,
    )) {
      const other = normalize(join(dirname(file), path ?? '.')).split('/')[0]!;
      imports++;
      if (path !== undefined && way.indexOf(other) > step) wrong.push(`${file} imports ${path}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(imports).toBeGreaterThan(1_000);
});

test('the page names every folder', () => {
  const page = readFileSync('docs/architecture.md', 'utf8');
  const folders = ['bpf/', 'native/', ...way.map((name) => `src/${name}/`)];
  expect(folders.filter((folder) => !page.includes(`| \`${folder}\` |`))).toEqual([]);
});
