import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { END } from '../../../src/compiler/automata/automaton.js';
import { groupTables } from '../../../src/compiler/automata/groups.js';
import { minimise } from '../../../src/compiler/automata/minimise.js';
import { OutputLists } from '../../../src/compiler/automata/outputs.js';
import { valueReader } from '../../../src/compiler/automata/reader.js';
import { regexpMachine } from '../../../src/compiler/automata/regexp.js';
import { product, type Table, tabulate, telling } from '../../../src/compiler/automata/table.js';
import { Work } from '../../../src/compiler/automata/work.js';
import { regexpSource, runs, value } from '../arbitraries.js';

const plenty = () => new Work(10_000_000);
const tableOf = (source: string) =>
  tabulate(valueReader('elements', regexpMachine(source, 'at-end'), 'at-end'), 4096, plenty());

/** What a table tells after each byte, and at the end. */
function run(table: Table, bytes: string): number[] {
  let state = table.start;
  return [...Array.from(bytes, (byte) => byte.charCodeAt(0)), END].map((symbol) => {
    const edge = state * (table.classes + 1) + (symbol === END ? table.classes : table.classMap[symbol]!);
    state = table.next[edge]!;
    return table.tells[edge]!;
  });
}
const blocks = fc.array(value, { minLength: 1, maxLength: 3 }).map((strings) => strings.join('\0'));

describe('minimising', () => {
  test('changes nothing that a table tells, and finds nothing more the second time', () => {
    fc.assert(
      fc.property(regexpSource, fc.array(blocks, { minLength: 5, maxLength: 5 }), (source, inputs) => {
        const table = tableOf(source);
        fc.pre(table !== undefined);
        const small = minimise(table!);
        expect(small.states).toBeLessThanOrEqual(table!.states);
        for (const input of inputs) expect(run(small, input)).toEqual(run(table!, input));
        const again = minimise(small);
        expect([again.states, again.classes]).toEqual([small.states, small.classes]);
      }),
      runs(150),
    );
  });

  test('finds the smallest table', () => {
    // Before a, after a: and nothing more is needed for "an a somewhere".
    expect(minimise(tableOf('a|a.|.a|aa')!).states).toBe(2);
    expect(minimise(tableOf('[^a]a|a')!).states).toBe(2);
  });
});

describe('products', () => {
  test('tell what both tell', () => {
    fc.assert(
      fc.property(
        regexpSource,
        regexpSource,
        fc.array(blocks, { minLength: 4, maxLength: 4 }),
        (left, right, inputs) => {
          const lists = new OutputLists();
          const only = (source: string, atom: number) => {
            const table = tableOf(source);
            return table && telling(minimise(table), lists.intern([{ kind: 'atom', atom }]));
          };
          const [a, b] = [only(left, 1), only(right, 2)];
          fc.pre(a !== undefined && b !== undefined);
          const both = product(a!, b!, 100_000, lists, plenty())!;
          for (const input of inputs) {
            const [toldA, toldB] = [run(a!, input), run(b!, input)];
            expect(run(both, input)).toEqual(toldA.map((list, at) => lists.merge(list, toldB[at]!)));
          }
        },
      ),
      runs(80),
    );
  });
});

describe('groups', () => {
  const lists = new OutputLists();
  const tables = Array.from({ length: 30 }, (_, atom) =>
    telling(minimise(tableOf(`a${atom}.*b${atom}`)!), lists.intern([{ kind: 'atom', atom }])),
  );

  test('take in all tables or say which are left', () => {
    const { tables: groups, left } = groupTables(tables, 2, lists, plenty());
    expect(groups).toHaveLength(2);
    expect(groups.reduce((sum, { matchers }) => sum + matchers, 0) + left.length).toBe(tables.length);
    expect(left.length).toBeGreaterThan(0);
  });

  test('are the same each time', () => {
    const [one, other] = [groupTables(tables, 8, lists, plenty()), groupTables(tables, 8, lists, plenty())];
    expect(one).toEqual(other);
  });

  test('leave everything when there is no room', () => {
    expect(groupTables(tables.slice(0, 1), 0, lists, plenty()).left).toEqual([0]);
  });
});
