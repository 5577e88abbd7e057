import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
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
