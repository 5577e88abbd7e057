import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/events/decision.js';
import { limits } from '../../src/telemetry/limits.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { FakeSession } from '../agent/fake-session.js';
import { byKernel, rulesOf } from '../events/support.js';

const decision = (changes: Partial<Decision>): Decision => ({
  verdict: 'report',
  matched: [],
  unknown: [],
  unresolved: [],
  decisive: undefined,
  actions: [],
  ...changes,
});

const [rule] = rulesOf('  - {id: some_rule, expression: exec.pid == 1}\n').map(byKernel);

/** The samples of our own metrics, without comments. */
async function samples(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('portcullis_'));
}

describe('metrics', () => {
  test('verdicts by stage, and every rule that matched', async () => {
    const metrics = new Metrics('1.0.0');
    metrics.event('refuse', decision({ verdict: 'refuse', matched: [rule!] }));
    metrics.event('refuse', decision({ verdict: 'refuse', matched: [rule!] }));
    metrics.event('unseen', decision({ verdict: 'unseen' }));
    expect(await samples(metrics)).toEqual(
      expect.arrayContaining([
        'portcullis_verdicts_total{verdict="refuse",stage="refuse"} 2',
        'portcullis_verdicts_total{verdict="unseen",stage="unseen"} 1',
        'portcullis_rule_matches_total{rule="some_rule",verdict="refuse"} 2',
        'portcullis_build_info{version="1.0.0"} 1',
      ]),
    );
  });

  test('rules past the limit share one time series', async () => {
    const metrics = new Metrics('1.0.0');
    for (let count = 0; count < limits.ruleLabels.value + 5; count++) {
      const matched = [{ ...rule!, rule: { ...rule!.rule, id: `r${count}` } }];
      metrics.event('kill', decision({ matched }));
    }
    const series = (await samples(metrics)).filter((line) => line.startsWith('portcullis_rule_matches_total'));
    expect(series).toHaveLength(limits.ruleLabels.value + 1);
    expect(series).toContain('portcullis_rule_matches_total{rule="other",verdict="report"} 5');
  });

  test('the kernel is asked at each scrape', async () => {
    const metrics = new Metrics('1.0.0');
    const session = new FakeSession();
    metrics.watchKernel(session);
    session.count({ exec: 5n, refused: 2n, lost_report: 1n });
    expect(await samples(metrics)).toEqual(
      expect.arrayContaining([
        'portcullis_execs_total 5',
        'portcullis_kernel_verdicts_total{verdict="refuse"} 2',
        'portcullis_records_lost_total{reason="report_ring_full"} 1',
        'portcullis_records_lost_total{reason="verdict_ring_full"} 0',
        'portcullis_tier_info{tier="lsm"} 1',
        'portcullis_ring_bytes{ring="verdicts"} 40',
        'portcullis_program_run_seconds_total{program="refuse"} 1.5',
        'portcullis_kernel_memory_bytes{map="images"} 4096',
      ]),
    );
    session.count({ exec: 9n });
    expect(await samples(metrics)).toContain('portcullis_execs_total 9');
  });

  test('only the image in force has a time series', async () => {
    const metrics = new Metrics('1.0.0');
    const facts = { bytes: 10, places: { 'kernel-at-exec': 2 }, diagnostics: { errors: 1, warnings: 0 } };
    metrics.imageActive({ ...facts, hash: 'old', generation: 1n });
    metrics.imageActive({ ...facts, hash: 'new', generation: 2n, places: { 'user-space': 1 } });
    const found = await samples(metrics);
    expect(found.filter((line) => line.startsWith('portcullis_image_info'))).toEqual([
      'portcullis_image_info{hash="new",generation="2"} 1',
    ]);
    expect(found.filter((line) => line.startsWith('portcullis_rules{'))).toEqual([
      'portcullis_rules{place="user-space"} 1',
    ]);
  });

  test('names keep the conventions: base units, _total on what only grows', async () => {
    const metrics = new Metrics('1.0.0');
    metrics.watchKernel(new FakeSession());
    metrics.watchLog({ pendingBytes: 0, failures: 0 });
    const types = [...(await metrics.text()).matchAll(/^# TYPE (portcullis_\w+) (\w+)$/gm)];
    expect(types.length).toBeGreaterThan(20);
    for (const [, name, type] of types) {
      expect(`${name} ${/_total$/.test(name!)}`).toBe(`${name} ${type === 'counter'}`);
      expect(name).not.toMatch(/_(milli|micro|nano)seconds|_ms$|_kb$/i);
    }
  });
});

test('nothing samples the event loop: its timer would keep an idle agent awake', async () => {
  const text = await new Metrics('1').text();
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  expect(text).not.toMatch(/^nodejs_eventloop_lag_(?!seconds)/m);
});
