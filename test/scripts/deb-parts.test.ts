import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { DOC, installedPage, isPage, PARTS, type Part } from '../../scripts/lib/deb/parts.mjs';

const pages = PARTS.filter(isPage);
const page = (name: string): Part => ({ from: `docs/${name}`, to: `${DOC}/${name}` });

/** Whether the package has a file or directory there. */
function isInstalled(path: string): boolean {
  return PARTS.some(({ from, to }) => {
    if (path === to || to.startsWith(`${path}/`)) return true;
    return path.startsWith(`${to}/`) && existsSync(join(from, path.slice(to.length)));
  });
}

test('the package has every page, the alert rules, the dashboard and the catalogue of attacks', () => {
  const places = PARTS.map(({ to }) => to);
  expect(pages.length).toBeGreaterThan(15);
  for (const name of ['examples/prometheus/portcullis.rules.yml', 'examples/grafana/dashboard.json', 'catalogue.yaml'])
    expect(places).toContain(`${DOC}/${name}`);
  // Of the directories that a build makes nothing is asked here.
  const sources = PARTS.filter(({ from }) => !/^(dist|build)/.test(from));
  expect(sources.filter(({ from }) => !existsSync(from))).toEqual([]);
});

test("a publisher's timer is not what a protected host gets", () => {
  expect(PARTS.filter(({ from }) => from.includes('resign'))).toEqual([]);
});

test('single files are laid out one by one: a directory of examples would lose its YAML', () => {
  const directories = PARTS.filter(({ from, to }) => to.startsWith(DOC) && statSync(from).isDirectory());
  expect(directories).toEqual([]);
});

test.each(pages)('$to: its links lead to what is installed', (part) => {
  const text = installedPage(readFileSync(part.from, 'utf8'), part).replace(/```[\s\S]*?```/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*/, ''));
  const own = targets.filter((target) => target !== '' && !/^https?:/.test(target));
  expect(own.filter((target) => !isInstalled(join(dirname(part.to), target)))).toEqual([]);
});

test('what is installed elsewhere is linked there, and what is not is plain text', () => {
  const text = (words: string) => installedPage(words, page('install.md'));
  expect(text('see [rules](../deploy/prometheus).')).toBe('see [rules](examples/prometheus).');
  expect(text('[one](../deploy/grafana/dashboard.json)')).toBe('[one](examples/grafana/dashboard.json)');
  expect(text('[`x.tests`](../policies/x.tests)')).toBe('[`x.tests`](../../../lib/portcullis/policies/x.tests)');
  expect(text('another [tier](../README.md#which-kernels) is')).toBe('another tier is');
  expect(text('why: [decisions](decisions)')).toBe('why: decisions');
});

test('links between pages, within one and to the web stay, and so does code', () => {
  const kept = '[a](journal.md#files) [b](#upgrading) [c](https://example.org/x) `[d](e)`\n```text\n[f](g)\n```\n';
  expect(installedPage(kept, page('install.md'))).toBe(kept);
});
