import { describe, expect, it } from 'vitest';
import { bothPages } from '../../bench/lib/page.mjs';
import { renderPage, sectionText, targetsText } from '../../bench/lib/render.mjs';
import type { StoredResult } from '../../bench/lib/section.mjs';

const result: StoredResult = {
  machine: '2 x CPU',
  kernel: '6.1',
  date: '2026-01-01',
  command: 'npm run bench -- decision',
  tables: [
    {
      title: 'Times',
      columns: ['policy', 'ns', 'to the floor'],
      rows: [
        ['a|b', { median: 1234.5, low: 0.123456, high: 99.96, runs: 3 }, { ratio: 1.0274, low: 1, high: 12, pairs: 3 }],
      ],
    },
  ],
  targets: [
    { what: 'fast', bound: { atMost: 2 }, measured: 3, unit: 'ns' },
    { what: 'many', bound: { atLeast: 2 }, measured: 2, unit: 'a second' },
    { what: 'level', bound: { atMost: 0 }, measured: 3, unit: 'MB' },
    { what: 'flat', bound: { atMost: 0 }, measured: 3, interval: { low: -1, high: 7 }, unit: 'MB' },
    { what: 'small', bound: { atMost: 2 }, measured: 1, interval: { low: 0.5, high: 2.5 }, unit: 'MB' },
    { what: 'rising', bound: { atMost: 0 }, measured: 3, interval: { low: 1, high: 5 }, unit: 'MB' },
    { what: 'falling', bound: { atMost: 0 }, measured: -3, interval: { low: -5, high: -1 }, unit: 'MB' },
  ],
};

describe('the page of performance', () => {
  it('has the tables of the results', async () => {
    const { before, after } = await bothPages();
    expect(before, 'npm run bench -- --page writes them').toBe(after);
  });

  it('shows medians and ratios with their spread', () => {
    expect(sectionText(result)).toBe(
      [
        '`npm run bench -- decision`, 2026-01-01, kernel 6.1; 2 x CPU.',
        '',
        '**Times**',
        '',
        '| policy | ns | to the floor |',
        '| --- | ---: | ---: |',
        '| a\\|b | 1,235 (0.123 to 100) | 1.027 (1.000 to 12) |',
      ].join('\n'),
    );
  });

  it('says of each target whether it is reached and by how much it is missed', () => {
    expect(targetsText({ decision: result }, ['decision']).split('\n').slice(2)).toEqual([
      '| fast | at most 2 ns | 3 ns | **missed**, by a factor of 1.500 |',
      '| many | at least 2 a second | 2 a second | reached |',
      '| level | at most 0 MB | 3 MB | **missed** |',
      '| flat | at most 0 MB | 3 MB (-1 to 7) | not told from none |',
      '| small | at most 2 MB | 1 MB (0.5 to 2.5) | not told from 2 MB |',
      '| rising | at most 0 MB | 3 MB (1 to 5) | **missed** |',
      '| falling | at most 0 MB | -3 MB (-5 to -1) | reached |',
    ]);
  });

  it('changes nothing but what stands between the marks, and a second time nothing', () => {
    const page = 'a\n<!-- bench decision -->\nold\n<!-- end -->\nb\n<!-- bench stop -->\n<!-- end -->\nc\n';
    const once = renderPage(page, { decision: result }, ['decision']);
    expect(once).toBe(
      `a\n<!-- bench decision -->\n\n${sectionText(result)}\n\n<!-- end -->\nb\n<!-- bench stop -->\n\nNot measured yet.\n\n<!-- end -->\nc\n`,
    );
    expect(renderPage(once, { decision: result }, ['decision'])).toBe(once);
  });

  it('refuses results that the page has no place for', () => {
    expect(() => renderPage('nothing', { decision: result }, ['decision'])).toThrow('no place for decision');
  });
});
