/** Numbers of atoms. File tests come first, then interpreter tests, each padded to whole words, then all others. */
import type { Role } from './fields.js';
import { atoms } from './limits.js';
import { sourceOf, type Test } from './tests.js';

export interface Numbering {
  /** By test key. */
  readonly numbers: ReadonlyMap<string, number>;
  /** By atom; nothing where padding is. */
  readonly tests: readonly (Test | undefined)[];
  readonly fileWords: number;
  readonly interpreterWords: number;
  readonly atomWords: number;
}

const WORD = 64;

/** Numbers tests by role, in a role by their keys: the order of rules does not matter. */
export function numberTests(tests: Iterable<Test>): Numbering {
  const sorted = [...tests].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const ofRole = (role: Role) => sorted.filter((test) => test.role === role);
  const padded = (list: readonly Test[]) => [
    ...list,
    ...new Array<undefined>(Math.ceil(list.length / WORD) * WORD - list.length).fill(undefined),
  ];
  const file = padded(ofRole('file'));
  const interpreter = padded(ofRole('interpreter'));
  const all = [...file, ...interpreter, ...padded(ofRole('process'))];
  const numbers = new Map<string, number>();
  all.forEach((test, number) => {
    if (test !== undefined) numbers.set(test.key, number);
  });
  return {
    numbers,
    tests: all,
    fileWords: file.length / WORD,
    interpreterWords: interpreter.length / WORD,
    atomWords: all.length / WORD,
  };
}

/** The sources of the atoms; padding has source 0, and nothing asks for it. */
export function atomSources({ tests }: Numbering): Uint8Array {
  return Uint8Array.from(tests, (test) => (test === undefined ? 0 : sourceOf(test)));
}

/** Takes tests in while an image has room for them, padding counted. */
export class AtomBudget {
  private readonly counts: Record<Role, number> = { file: 0, interpreter: 0, process: 0 };
  private readonly seen = new Set<string>();

  /** Takes all of these tests or, when they do not fit, none. */
  take(tests: Iterable<Test>): 'taken' | 'full' {
    const fresh = new Map<string, Test>();
    for (const test of tests) if (!this.seen.has(test.key)) fresh.set(test.key, test);
    const counts = { ...this.counts };
    for (const test of fresh.values()) counts[test.role]++;
    const words = (count: number) => Math.ceil(count / WORD);
    if ((words(counts.file) + words(counts.interpreter) + words(counts.process)) * WORD > atoms.value) return 'full';
    Object.assign(this.counts, counts);
    for (const key of fresh.keys()) this.seen.add(key);
    return 'taken';
  }
}
