/** Groups: as many tables walked in one pass as the state budget allows. */
import { groupStates } from '../limits.js';
import { minimise } from './minimise.js';
import type { OutputLists } from './outputs.js';
import { entries, product, type Table } from './table.js';

/** Tables in one pass, and which of the given ones they are. */
export interface Group {
  readonly table: Table;
  readonly members: readonly number[];
}

/**
 * Puts tables together, neighbours first, halves before the whole: that keeps the work near the size of the result when
 * tables hardly touch each other. The same tables in the same order give the same groups.
 */
export function groupTables(tables: readonly Table[], lists: OutputLists): Group[] {
  const merge = (low: number, high: number): Group[] => {
    if (high - low === 1) return [{ table: tables[low]!, members: [low] }];
    const middle = (low + high) >> 1;
    const groups = merge(low, middle);
    for (const group of merge(middle, high)) {
      if (!groups.some((other, index) => tryMerge(groups, index, other, group))) groups.push(group);
    }
    return groups;
  };
  const tryMerge = (groups: Group[], index: number, a: Group, b: Group) => {
    const table = product(a.table, b.table, groupStates.value, lists);
    if (table === undefined || entries(table).size > groupStates.value) return false;
    groups[index] = { table, members: [...a.members, ...b.members] };
    return true;
  };
  return tables.length === 0
    ? []
    : merge(0, tables.length).map(({ table, members }) => ({ table: minimise(table), members }));
}
