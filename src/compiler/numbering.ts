/**
 * Numbers of atoms. File tests come first, then those of interpreters, of cgroups and of the lineage, each padded to whole words, then all
 * others.
 */
import type { Relative, Role } from './fields.js';
import { source } from './image/layout.js';
import { atoms, cgroupAtoms, lineageBits } from './limits.js';
import { type LineageCondition, sourceOf, type Test } from './tests.js';

export interface Numbering {
  /** By test key. */
  readonly numbers: ReadonlyMap<string, number>;
  /** By atom; nothing where padding is, and in the regions of lineage bits that are unknown. */
  readonly tests: readonly (Test | undefined)[];
  readonly fileWords: number;
  readonly interpreterWords: number;
  readonly cgroupWord: number;
  readonly cgroupWords: number;
  readonly lineageWord: number;
  /** Of each of the four regions: parent true, parent unknown, ancestors true, ancestors unknown. */
  readonly lineageWords: number;
  readonly atomWords: number;
  /** By lineage bit. */
  readonly conditions: readonly LineageCondition[];
}

const WORD = 64;
const regions = 4;
/** Of the bits that are true. The unknown ones lie behind each. */
const regionOf: Record<Relative, number> = { parent: 0, ancestors: 2 };

/** Numbers tests by role, in a role by their keys: the order of rules does not matter. */
export function numberTests(tests: Iterable<Test>): Numbering {
  const sorted = [...tests].sort(byKey);
  const ofRole = (role: Role) => padded(sorted.filter((test) => test.role === role));
  const [file, interpreter, cgroup] = [ofRole('file'), ofRole('interpreter'), ofRole('cgroup')];
  const { lineage, conditions } = lineageAtoms(sorted);
  const all = [...file, ...interpreter, ...cgroup, ...lineage, ...ofRole('process')];
  const numbers = new Map<string, number>();
  all.forEach((test, number) => {
    if (test !== undefined) numbers.set(test.key, number);
  });
  const cgroupWord = (file.length + interpreter.length) / WORD;
  const cgroupWords = cgroup.length / WORD;
  return {
    numbers,
    tests: all,
    fileWords: file.length / WORD,
    interpreterWords: interpreter.length / WORD,
    cgroupWord,
    cgroupWords,
    lineageWord: cgroupWord + cgroupWords,
    lineageWords: lineage.length / regions / WORD,
    atomWords: all.length / WORD,
    conditions,
  };
}

/** The sources of the atoms; padding has source 0, and nothing asks for it. */
export function atomSources({ tests, lineageWord, lineageWords }: Numbering): Uint8Array {
  const sources = Uint8Array.from(tests, (test) => (test === undefined ? 0 : sourceOf(test)));
  for (const [of, region] of Object.entries(regionOf) as [Relative, number][]) {
    const first = (lineageWord + region * lineageWords) * WORD;
    sources.fill(source[of], first, first + lineageWords * WORD);
  }
  return sources;
}

/** One bit for each condition, whether the parent is asked, ancestors are or both. */
function lineageAtoms(sorted: readonly Test[]): {
  readonly lineage: readonly (Test | undefined)[];
  readonly conditions: readonly LineageCondition[];
} {
  const found = new Map<string, LineageCondition>();
  for (const test of sorted) if (test.kind === 'lineage') found.set(test.condition.key, test.condition);
  const conditions = [...found.values()].sort(byKey);
  const bits = new Map(conditions.map(({ key }, bit) => [key, bit]));
  const width = Math.ceil(conditions.length / WORD) * WORD;
  const lineage = new Array<Test | undefined>(regions * width).fill(undefined);
  for (const test of sorted) {
    if (test.kind === 'lineage') lineage[regionOf[test.of] * width + bits.get(test.condition.key)!] = test;
  }
  return { lineage, conditions };
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function padded(list: readonly Test[]): readonly (Test | undefined)[] {
  return [...list, ...new Array<undefined>(wordsFor(list.length) * WORD - list.length).fill(undefined)];
}

function wordsFor(count: number): number {
  return Math.ceil(count / WORD);
}

/** What of a rule's tests has no room: tests of the cgroup or the lineage one by one, or the whole rule. */
export type Taken =
  | { readonly taken: 'all' }
  | { readonly taken: 'none'; readonly reason: string }
  | { readonly taken: 'without'; readonly tests: readonly Test[]; readonly reason: string };

/** Takes tests in while an image has room for them, padding counted. */
export class AtomBudget {
  private counts: Record<Role, number> = { file: 0, interpreter: 0, cgroup: 0, process: 0 };
  private readonly seen = new Set<string>();
  private readonly conditions = new Set<string>();

  /** Takes all of these tests or, when some do not fit, none. */
  take(tests: Iterable<Test>): Taken {
    const fresh = new Map<string, Test>();
    for (const test of tests) if (!this.seen.has(test.key)) fresh.set(test.key, test);
    const counts = { ...this.counts };
    const conditions = new Set<string>();
    for (const test of fresh.values()) {
      if (test.kind !== 'lineage') counts[test.role]++;
      else if (!this.conditions.has(test.condition.key)) conditions.add(test.condition.key);
    }
    if (counts.cgroup > cgroupAtoms.value) {
      const reason = `the image has its ${cgroupAtoms.value} tests of cgroups and containers already`;
      return { taken: 'without', tests: [...fresh.values()].filter(({ role }) => role === 'cgroup'), reason };
    }
    const bits = this.conditions.size + conditions.size;
    if (bits > lineageBits.value) {
      const reason = `the image has its ${lineageBits.value} conditions on parents and ancestors already`;
      return { taken: 'without', tests: [...fresh.values()].filter(({ kind }) => kind === 'lineage'), reason };
    }
    const ofTests = Object.values(counts).reduce((sum, count) => sum + wordsFor(count), 0);
    if ((ofTests + regions * wordsFor(bits)) * WORD > atoms.value) {
      return { taken: 'none', reason: 'the image has no room for more tests' };
    }
    this.counts = counts;
    for (const key of fresh.keys()) this.seen.add(key);
    for (const key of conditions) this.conditions.add(key);
    return { taken: 'all' };
  }
}
