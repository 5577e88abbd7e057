import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../scripts/lib/catalogue/check.mjs';
import { readTable, withTables } from '../../scripts/lib/catalogue/table.mjs';
import type { TestRecord } from '../../scripts/lib/test-report.mjs';

const file = 'test/vm/catalogue.test.ts';

function table(...entries: readonly object[]): string {
  return JSON.stringify({ groups: [{ title: 'Tricks', entries }] });
}

const blocked = {
  id: 'a-trick',
  what: 'A trick',
  status: 'blocked',
  why: 'It is | seen',
  test: file,
  kernels: ['6.1'],
};
const told = { id: 'told', what: 'Another', status: 'out-of-scope', why: 'No exec' };

const passed: TestRecord = {
  ...{ file, name: 'on 6.1 > a-trick > blocked', state: 'passed' },
  catalogue: { id: 'a-trick', kernel: '6.1', without: 1, controls: 1 },
};

describe('the catalogue', () => {
  it('is read', () => {
    expect(readTable(table(blocked, told))).toEqual([{ title: 'Tricks', entries: [blocked, told] }]);
  });

  it.each([
    ['has no why', { ...told, why: '' }],
    ['not in lower case', { ...told, id: 'A trick' }],
    ['is none of', { ...told, status: 'fine' }],
    ['go together', { ...told, test: file }],
    ['is blocked and has no test', { ...told, status: 'blocked' }],
  ])('refuses an entry: %s', (complaint, entry) => {
    expect(() => readTable(table(entry))).toThrow(complaint);
  });

  it('refuses an id that is there twice, and a file that is none', () => {
    expect(() => readTable(table(told, told))).toThrow('twice');
    expect(() => readTable('{}')).toThrow('no groups');
  });
});

describe('the catalogue against a report', () => {
  const problems = (entry: object, ...tests: readonly TestRecord[]) => problemsOf(readTable(table(entry)), tests);
  const tried = (change: object): TestRecord => ({ ...passed, catalogue: { ...passed.catalogue!, ...change } });

  it('has no problems when every test passed and saw the trick succeed without the agent', () => {
    expect(problems(blocked, passed)).toEqual([]);
    expect(problems(told)).toEqual([]);
  });

  it.each([
    ['no test', []],
    ['no test', [{ ...passed, file: 'test/vm/other.test.ts' }]],
    ['no test', [tried({ kernel: '6.12' })]],
    ['its test failed', [{ ...passed, state: 'failed' as const }]],
    ['its test failed', [passed, { ...passed, state: 'failed' as const }]],
    ['its test skipped', [{ ...passed, state: 'skipped' as const }]],
    ['did not see it succeed without the agent', [tried({ without: 0 })]],
    ['did not see the harmless control run', [tried({ controls: 0 })]],
  ])('%s', (problem, tests) => {
    expect(problems(blocked, ...tests)).toEqual([expect.stringContaining(problem)]);
  });

  it('wants a test of every kernel', () => {
    expect(problems({ ...blocked, kernels: ['6.1', '6.12'] }, passed)).toEqual([expect.stringContaining('on 6.12')]);
  });

  it('asks of what is not blocked only that its test passed', () => {
    expect(problems({ ...blocked, status: 'not-blocked' }, tried({ without: 0, controls: 0 }))).toEqual([]);
    expect(problems({ ...blocked, status: 'not-blocked' })).toHaveLength(1);
  });

  it('finds tests of what is not in it', () => {
    expect(problems(told, passed)).toEqual([expect.stringContaining('which is not in the catalogue')]);
  });
});

describe('the page', () => {
  const begin = '<!-- made from catalogue.yaml by `npm run catalogue -- --write` -->';

  it('gets tables in place of the old ones', () => {
    const page = withTables(
      `# Page\n${begin}\nstood here before\n<!-- end -->\nrest\n`,
      readTable(table(blocked, told)),
    );
    expect(page).toContain('2 entries: 1 blocked, 0 not-blocked, 1 out-of-scope.');
    expect(page).toContain('| `a-trick` | A trick | blocked | It is \\| seen |');
    expect(page).not.toContain('stood here before');
    expect(page.startsWith('# Page\n')).toBe(true);
    expect(page.endsWith('<!-- end -->\nrest\n')).toBe(true);
    expect(withTables(page, readTable(table(blocked, told)))).toBe(page);
  });

  it('must have a place for them', () => {
    expect(() => withTables('# Page\n', [])).toThrow('no lines');
  });

  it('that is shipped shows the catalogue that is shipped', () => {
    const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    const page = read('threat-model.md');
    expect(withTables(page, readTable(read('catalogue.yaml')))).toBe(page);
  });
});
