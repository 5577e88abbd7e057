import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { Metrics } from '../../src/telemetry/metrics.js';
import { allMetrics } from '../../src/telemetry/metrics-page.js';
import { run } from '../cli/support.js';

test('the page in the documentation is current', async () => {
  const { status, stdout } = await run(['metrics', '--doc']);
  expect(status).toBe(0);
  const page = await readFile('docs/metrics.md', 'utf8');
  expect(stdout === page, 'run `portcullis metrics --doc > docs/metrics.md`').toBe(true);
});

// https://prometheus.io/docs/practices/naming/
test('names and units are as Prometheus wants them', () => {
  for (const { name, type, help } of allMetrics()) {
    expect(name).toMatch(/^portcullis_[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, 'a base unit').not.toMatch(/_(ms|milliseconds|microseconds|nanoseconds|kib|mib|percent)(_|$)/);
    expect(help, name).toMatch(/\.$/);
  }
});

test('what only some configurations register is among all metrics, too', () => {
  const isWatch = (name: string): name is keyof Metrics & `watch${string}` => name.startsWith('watch');
  const watches = Object.getOwnPropertyNames(Metrics.prototype).filter(isWatch);
  expect(watches.length).toBeGreaterThan(5);
  const spies = watches.map((name) => vi.spyOn(Metrics.prototype, name));
  allMetrics();
  expect(watches.filter((_, index) => spies[index]!.mock.calls.length === 0)).toEqual([]);
  vi.restoreAllMocks();
});
