import { describe, expect, it } from 'vitest';
import { report } from '../../bench/exec.mjs';

const shipped = 'enforce, shipped policy';
const run = (configuration: string, round: number, median: number) => ({ configuration, bytes: 213, round, median });

const images = {
  kernel: '6.1.0-test',
  findings: [
    run('clean', 0, 999),
    run('none', 1, 1000),
    run(shipped, 1, 1010),
    run('none', 2, 2000),
    run(shipped, 2, 2040),
    run('none', 3, 1000),
    run(shipped, 3, 1030),
    { profile: shipped, bytes: 213, programs: [{ program: 'refuse', runs: 1, instructions: 7.4 }] },
  ],
};

const side = (name: string, round: number, which: 'with' | 'without', median: number) => ({
  case: name,
  round,
  side: which,
  median,
  mean: 2 * median,
});

function peer(name: string, median: number, own: number) {
  const without = side(name, 1, 'without', 500);
  return [without, side(name, 1, 'with', median), { case: name, round: 1, own, resident: 12_000 }];
}

const beside = {
  kernel: '6.1.0-test',
  findings: [
    side('clean', 0, 'without', 400),
    ...peer('fapolicyd', 600, 90),
    ...peer('portcullis=enforce-shipped', 510, 3),
    ...peer('tomoyo', 505, 0),
    ...peer('auditd', 900, 50),
  ],
};

describe('what an exec costs', () => {
  it('compares each run with the one just before it, which had nothing attached', () => {
    const [times] = report([{ kernel: '6.1', images }]).tables;
    expect(times!.rows).toEqual([
      [
        shipped,
        213,
        { median: 1030, low: 1020, high: 1535, runs: 3 },
        30,
        { ratio: 1.02, low: 1.01, high: 1.03, pairs: 3 },
      ],
    ]);
  });

  it('says which program takes what', () => {
    const [, programs] = report([{ kernel: '6.1', images }]).tables;
    expect(programs).toMatchObject({ columns: ['with', 'bytes of arguments', 'refuse'], rows: [[shipped, 213, 7]] });
  });

  it('compares a peer with the run before it, and with a fresh boot', () => {
    const [, , peers] = report([{ kernel: '6.1', images, beside }]).tables;
    const [name, ratio, means, fresh, , own, resident] = peers!.rows[0]!;
    expect({ name, ratio, means, fresh, own, resident }).toMatchObject({
      name: 'fapolicyd, trusted files',
      ratio: { ratio: 1.2 },
      means: { ratio: 1.2 },
      fresh: 1.5,
      own: { median: 90 },
      resident: 12,
    });
  });

  it('aims below peers by a fresh boot, for theirs cannot be undone', () => {
    const { targets } = report([{ kernel: '6.1', images, beside }]);
    const bounds = targets!.map(({ what, bound, measured }) => [what, 'atMost' in bound && bound.atMost, measured]);
    expect(bounds).toEqual([
      ['exec with the shipped policy in enforce, kernel 6.1', 1.03, 1.02],
      ['the same beside TOMOYO, conditions on arguments, kernel 6.1', 1.2625, 1.275],
      ['the same beside auditd, a rule for execve, kernel 6.1', 2.25, 1.275],
      ['the same beside fapolicyd, trusted files, kernel 6.1', 1.5, 1.275],
      ['the agent, when no rule needs events: none, as far as can be told, kernel 6.1', 1000, 3],
    ]);
  });

  it('compares nothing with what was not measured', () => {
    const findings = beside.findings.filter((finding) => finding.case !== 'portcullis=enforce-shipped');
    const { targets } = report([{ kernel: '6.1', images, beside: { ...beside, findings } }]);
    expect(targets).toHaveLength(1);
  });
});
