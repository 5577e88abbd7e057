/** Whether the policies that can meet on one host load and compile together. */
import { compileEnforceable } from '../compiler/index.js';
import { type Diagnostic, loadPolicies, type PolicyFile } from '../policy/index.js';
import { nameOf } from './changes.js';
import { PublishError } from './errors.js';
import { labelCombinations } from './labels/combinations.js';
import { parseSelector, selects } from './labels/selector.js';
import type { Release } from './release.js';
import { byPolicy } from './selection.js';

/** Sets beyond this are not all tried: then those of the newest releases, and of those that all hosts have. */
const mostSets = 64;

/** The sets of releases that some host can have, with those that are only added as if they were staged. */
export function reachableSets(releases: readonly Release[]): Release[][] {
  const alive = releases.filter(({ state }) => state !== 'retired');
  const selectors = new Map(alive.map((release) => [release, parseSelector(release.hosts)]));
  const combinations = labelCombinations([...selectors.values()]);
  const groups =
    combinations === undefined
      ? [alive]
      : combinations.map((labels) => alive.filter((release) => selects(selectors.get(release)!, labels)));
  const sets = new Map<string, Release[]>();
  for (const group of distinct(groups)) {
    for (const set of setsOf(group)) if (set.length > 0) sets.set(set.map(nameOf).join(), set);
  }
  return [...sets.values()];
}

/**
 * Refuses releases that do not load and compile, alone or with those they can meet. `read` gives the bytes of a release.
 * Throws PublishError.
 */
export async function checkReleases(
  releases: readonly Release[],
  read: (release: Release) => Promise<Uint8Array>,
): Promise<void> {
  const texts = new Map<Release, Uint8Array>();
  for (const set of reachableSets(releases)) {
    for (const release of set) if (!texts.has(release)) texts.set(release, await read(release));
    const files = set.map((release) => ({ file: `${release.policy}.policy`, text: texts.get(release)! }));
    const problem = problemOf(files);
    if (problem === undefined) continue;
    if (set.length === 1) throw new PublishError('policy', `${nameOf(set[0]!)} is refused: ${problem}`);
    throw new PublishError('conflict', `A host can have ${set.map(nameOf).join(', ')} together. ${problem}`);
  }
}

/** What is wrong with policies, as one text; undefined when they load and compile without an error. */
export function problemOf(files: readonly PolicyFile[]): string | undefined {
  try {
    const { ruleset } = compileEnforceable(loadPolicies(files));
    const errors = ruleset.diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) return errors.slice(0, 10).map(tell).join('\n');
    return ruleset.rules.length === 0 ? 'There is no rule in it.' : undefined;
  } catch (error) {
    return `The rules do not compile: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function tell({ file, line, column, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${message}.`;
}

/** Per policy one release: the one that all have, or one that some have already, or none where only some have it. */
function setsOf(group: readonly Release[]): Release[][] {
  const policies = new Map<string, Release[]>();
  for (const release of group) policies.set(release.policy, [...(policies.get(release.policy) ?? []), release]);
  const choices = [...policies.values()].map((all) => {
    const newestFirst = all.sort((a, b) => b.release - a.release);
    const live = newestFirst.findIndex(({ state }) => state === 'live');
    return live < 0 ? [...newestFirst, undefined] : newestFirst.slice(0, live + 1);
  });
  const whole = (pick: (options: readonly (Release | undefined)[]) => Release | undefined) =>
    choices.map(pick).filter((release) => release !== undefined);
  if (choices.reduce((product, options) => product * options.length, 1) > mostSets) {
    return [whole((options) => options[0]), whole((options) => options.at(-1))].map((set) => set.sort(byPolicy));
  }
  let sets: Release[][] = [[]];
  for (const options of choices) {
    sets = sets.flatMap((set) => options.map((release) => (release === undefined ? set : [...set, release])));
  }
  return sets.map((set) => set.sort(byPolicy));
}

function distinct(groups: readonly Release[][]): Release[][] {
  return [...new Map(groups.map((group) => [group.map(nameOf).join(), group])).values()];
}
