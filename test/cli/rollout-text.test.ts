import { expect, test } from 'vitest';
import { rolloutRows } from '../../src/cli/rollout-text.js';
import { plain } from '../../src/policy/index.js';
import type { RolloutReport } from '../../src/telemetry/control/reports.js';

const status: Extract<RolloutReport, { is: 'followed' }> = {
  is: 'followed',
  url: 'https://policies.example',
  targets: [
    { policy: 'miners', release: 1, stage: 0, state: 'active', since: 0 },
    {
      policy: 'miners',
      release: 2,
      stage: 1,
      state: 'refused',
      since: 1_000,
      code: 'acts-on-established',
      reason: 'It would act on /bin/sh.',
    },
  ],
  polls: { unchanged: 1, updated: 1, failed: 1 },
  problems: { redirect: 1 },
  received: 100,
  lastSuccess: 60_000,
  expires: {},
};

test('says where each policy stands, and why one is refused', () => {
  expect(rolloutRows(status, plain)).toEqual([
    ['rollout', 'https://policies.example, reached 1970-01-01T00:01:00.000Z'],
    ['', 'miners 1: active since 1970-01-01T00:00:00.000Z'],
    ['', 'miners 2: refused since 1970-01-01T00:00:01.000Z. It would act on /bin/sh.'],
  ]);
});

test('says what is wrong with the repository', () => {
  const { lastSuccess: _, ...never } = status;
  const problem = { code: 'redirect', text: 'It redirects.', since: 0 };
  const rows = rolloutRows({ ...never, targets: [], problem, expired: { role: 'timestamp', since: 0 } }, plain);
  expect(rows.map(([, text]) => text)).toEqual([
    'https://policies.example, not reached since the start',
    'redirect: It redirects.',
    'the signature of timestamp has ended at 1970-01-01T00:00:00.000Z',
  ]);
});

test('says why distributed policies are not had, on one line and without what a terminal would obey', () => {
  const reason = 'Cannot read /etc/\u001b[31mroot.json (rollout.root): there is no such file.';
  const rows = rolloutRows({ is: 'unavailable', url: 'https://policies.example', reason }, plain);
  expect(rows).toHaveLength(1);
  expect(rows[0]![0]).toBe('rollout');
  expect(rows[0]![1]).toMatch(/^unavailable: Cannot .* there is no such file; policies come from this host alone$/);
  expect(rows[0]![1]).not.toContain('\u001b');
});

test('says nothing without a repository', () => {
  expect(rolloutRows(undefined, plain)).toEqual([]);
});
