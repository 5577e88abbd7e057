import { expect, test } from 'vitest';
import { statusText } from '../../src/cli/status-text.js';
import { plain } from '../../src/policy/index.js';
import type { SafetyReport, StatusReport } from '../../src/telemetry/control/reports.js';

const textOf = (safety: SafetyReport, policyErrors = 0) =>
  statusText(
    {
      ...{ version: '1.0.0', pid: 1, url: 'http://127.0.0.1:1', phase: 'ready', startedAt: '', uptimeSeconds: 1 },
      enforcement: { is: 'on' },
      tier: { name: 'lsm', cannot: [], refused: [] },
      safety,
      ...{ rules: [], policyErrors, execs: 0, verdicts: {}, lost: {} },
      lag: { ringBytes: 0, ringSizeBytes: 0, records: 0, logBytes: 0, journalBytes: 0 },
      memory: { residentBytes: 0, kernelBytes: 0 },
    } as StatusReport,
    plain,
  );

test('status names a rule that has tripped, and a canary that does not exist', () => {
  const text = textOf({
    ...{ protectedFiles: 7, breakerLimit: 2, tripped: [{ rule: 'bad', executables: 3 }] },
    canary: { cgroup: '/canary', found: false },
  });
  expect(text).toMatch(/protected +7 files/);
  expect(text).toContain('bad has tripped: it acted on 3, and does so no more');
  expect(text).toContain('/canary alone, which does not exist: they act nowhere');
});

test('of errors in the policies it says what shows them, as it is typed', () => {
  const text = textOf({ protectedFiles: 0, breakerLimit: 0, tripped: [] }, 2);
  expect(text).toMatch(/policy +2 errors; see portcullis policy check \/etc\/portcullis\/policies$/m);
});

test('status says nothing of a canary where there is none, and that the breaker is off', () => {
  const text = textOf({ protectedFiles: 0, breakerLimit: 0, tripped: [] });
  expect(text).not.toContain('canary');
  expect(text).toMatch(/breaker +off/);
});
