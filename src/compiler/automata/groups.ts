/** Groups: as many tables walked in one pass as the state budget allows. */
import { groupStates } from '../limits.js';
import { minimise } from './minimise.js';
import type { OutputLists } from './outputs.js';
import { automatonStates, product, type Table } from './table.js';
import type { Work } from './work.js';

export interface Groups {
  readonly tables: readonly Table[];
  /** Which of the given tables found no room. */
  readonly left: readonly number[];
}

interface Group {
  readonly table: Table;
  readonly members: readonly number[];
}

/**
 * Puts tables together into at most `room` groups, neighbours first, halves before the whole: that keeps the work near the
 * size of the result when tables hardly touch each other. The same tables in the same order give the same groups.
 */
export function groupTables(tables: readonly Table[], room: number, lists: OutputLists, work: Work): Groups {
  const left: number[] = [];
  const join = (a: Group, b: Group): Group | undefined => {
    const table = product(a.table, b.table, groupStates.value, lists, work);
    if (table === undefined || automatonStates(table) > groupStates.value) return undefined;
    return { table, members: [...a.members, ...b.members] };
  };
  const merge = (low: number, high: number): Group[] => {
    if (high - low === 1) return [{ table: tables[low]!, members: [low] }];
    const middle = (low + high) >> 1;
    const groups = merge(low, middle);
    for (const group of merge(middle, high)) {
      let index = 0;
      let joined: Group | undefined;
      for (; index < groups.length && joined === undefined; index++) joined = join(groups[index]!, group);
      if (joined !== undefined) groups[index - 1] = joined;
      else if (groups.length < room) groups.push(group);
      else left.push(...group.members);
    }
    return groups;
  };
  if (tables.length === 0) return { tables: [], left };
  const groups = merge(0, tables.length);
  // A single table is left even where there is no room for one.
  for (const { members } of groups.slice(room)) left.push(...members);
  return { tables: groups.slice(0, room).map(({ table }) => minimise(table)), left };
}
