import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sum, tallyOfCheck, tallyOfVitest } from '../../scripts/lib/test-report.mjs';

describe('the tally of a test run', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portcullis-tally-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('is a failure when there is no report, whatever the status', async () => {
    expect(await tallyOfVitest(join(directory, 'missing'), 0)).toEqual({ passed: 0, failed: 1, skipped: [] });
  });

  it('is a failure when the run failed and no test did', async () => {
    const path = join(directory, 'report');
    await writeFile(path, JSON.stringify({ passed: 3, failed: 0, skipped: [] }));
    expect((await tallyOfVitest(path, 1)).failed).toBe(1);
    expect((await tallyOfVitest(path, 0)).failed).toBe(0);
  });

  it('adds up', () => {
    const skipped = [{ name: 'a', reason: 'b' }];
    const total = sum([tallyOfCheck(true), tallyOfCheck(false), { passed: 2, failed: 3, skipped }]);
    expect(total).toEqual({ passed: 3, failed: 4, skipped });
  });
});
