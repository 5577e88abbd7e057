export interface Tally {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

export function tallyOfCheck(holds: boolean): Tally;
export function tallyOfVitest(path: string, status: number): Promise<Tally>;
export function sum(tallies: readonly Tally[]): Tally;
