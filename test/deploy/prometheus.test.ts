import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Metrics } from '../../src/telemetry/metrics.js';
import { allMetrics } from '../../src/telemetry/metrics-page.js';
import { dashboardQueries, missing } from './support.js';

const directory = 'deploy/prometheus';

interface Rules {
  groups: { rules: { alert: string; expr: string; labels: Record<string, string>; annotations: object }[] }[];
}
interface RuleTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const read = <Type>(file: string): Type => parse(readFileSync(`${directory}/${file}`, 'utf8')) as Type;
const alerts = read<Rules>('portcullis.rules.yml').groups.flatMap(({ rules }) => rules);

function promtool(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: directory, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('the alert rules do what their tests say', (context) => {
  const why = missing('promtool');
  if (why !== undefined) context.skip(why);
  for (const args of [
    ['check', 'rules', 'portcullis.rules.yml'],
    ['test', 'rules', 'portcullis.rules.test.yml'],
    ['check', 'config', 'prometheus.yml'],
  ]) {
    const { status, output } = promtool(...args);
    expect(status, output).toBe(0);
  }
});

test('each alert has a test in which it fires and one in which it must not', () => {
  const cases = read<RuleTests>('portcullis.rules.test.yml').tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of alerts) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    expect(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} fires`,
    ).toBe(true);
    expect(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      `${alert} is quiet`,
    ).toBe(true);
  }
});

test('each alert says how urgent it is, what happened and what to do', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(labels.severity, alert).toMatch(/^(page|ticket|info)$/);
    expect(Object.keys(annotations).sort(), alert).toEqual(['action', 'summary']);
  }
});

test('alerts and dashboard name only metrics that there are', () => {
  const known = new Set(allMetrics().map(({ name }) => name));
  const queries = [...alerts.map(({ expr }) => expr), ...dashboardQueries().flatMap(({ queries: some }) => some)];
  const named = queries.flatMap((query) => query.match(/portcullis_[a-z0-9_]+/g) ?? []);
  expect(named.length).toBeGreaterThan(30);
  const strange = named.filter((name) => !known.has(name.replace(/_(bucket|sum|count)$/, '')) && !known.has(name));
  expect(strange).toEqual([]);
});

test('what is served is what Prometheus lints for', async (context) => {
  const why = missing('promtool');
  if (why !== undefined) context.skip(why);
  const text = (await new Metrics('1').text())
    .split('\n')
    .filter((line) => /portcullis_/.test(line))
    .join('\n');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: `${text}\n`,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
});
