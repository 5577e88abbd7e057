/** Constants of one kind, by name. */
export type ConstantTable = Readonly<Record<string, number>>;

/** Names in a row to their numbers, from `first` on; `-` leaves a number out. */
export function numbered(names: string, first: number): ConstantTable {
  const entries = names.split(' ').map((name, at): [string, number] => [name, first + at]);
  return Object.fromEntries(entries.filter(([name]) => name !== '-'));
}
