/**
 * `agent_version` constraints: comparisons joined by a comma or a blank (all must hold), these joined by `||` (one must
 * hold). A number that is left out, or `x` or `*`, stands for any. The forms are those of the Go package Masterminds/semver.
 */

/** The version of the reference product whose policies are loaded unchanged; constraints are checked against it. */
export const compatibleVersion = '7.82.0';

/** A version whose minor or patch number may have been left open. */
interface Version {
  readonly major: number;
  readonly minor: number | undefined;
  readonly patch: number | undefined;
}

const versionPattern =
  'v?(\\d+|[xX*])(?:\\.(\\d+|[xX*]))?(?:\\.(\\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?';
const whole = new RegExp(`^\\s*${versionPattern}\\s*$`);
const comparison = new RegExp(`(=|!=|>=|=>|<=|=<|>|<|~>|~|\\^)?\\s*(${versionPattern})(?=[\\s,]|$)`, 'y');
const range = new RegExp(`^\\s*(${versionPattern})\\s+-\\s+(${versionPattern})\\s*$`);

/** Whether a version satisfies a constraint; undefined when the constraint is not one. An empty constraint always holds. */
export function satisfies(version: string, constraint: string): boolean | undefined {
  const subject = parseVersion(version);
  if (subject === undefined || constraint.length > 256) return undefined;
  if (constraint.trim() === '') return true;
  let holds = false;
  for (const alternative of constraint.split('||')) {
    const result = allHold(subject, alternative);
    if (result === undefined) return undefined;
    holds ||= result;
  }
  return holds;
}

function allHold(subject: Version, text: string): boolean | undefined {
  const between = range.exec(text);
  if (between !== null) return holds(subject, '>=', between[1]!) && holds(subject, '<=', between[5]!);
  let at = 0;
  let result = true;
  const skip = () => {
    while (at < text.length && /[\s,]/.test(text[at]!)) at++;
  };
  skip();
  if (at === text.length) return undefined;
  while (at < text.length) {
    comparison.lastIndex = at;
    const match = comparison.exec(text);
    if (match === null) return undefined;
    at = comparison.lastIndex;
    result = holds(subject, match[1] ?? '', match[2]!) && result;
    skip();
  }
  return result;
}

function holds(subject: Version, operator: string, text: string): boolean {
  const bound = parseVersion(text);
  if (bound === undefined) return true; // `*`
  const lowest = compare(subject, bound, 0);
  const highest = compare(subject, bound, Number.POSITIVE_INFINITY);
  switch (operator) {
    case '':
    case '=':
      return lowest >= 0 && highest <= 0;
    case '!=':
      return lowest < 0 || highest > 0;
    case '>':
      return highest > 0;
    case '>=':
    case '=>':
      return lowest >= 0;
    case '<':
      return lowest < 0;
    case '<=':
    case '=<':
      return highest <= 0;
    case '~':
    case '~>':
      return lowest >= 0 && sameMinor(subject, bound);
    default:
      return lowest >= 0 && sameLeading(subject, bound);
  }
}

/** `~1.2.3` stays within 1.2, `~1` within 1. */
function sameMinor(subject: Version, bound: Version): boolean {
  return subject.major === bound.major && (bound.minor === undefined || subject.minor === bound.minor);
}

/** `^1.2` stays within the first number that is not zero. */
function sameLeading(subject: Version, bound: Version): boolean {
  if (bound.major > 0 || bound.minor === undefined) return subject.major === bound.major;
  if (bound.minor > 0 || bound.patch === undefined) return subject.major === 0 && subject.minor === bound.minor;
  return subject.major === 0 && subject.minor === 0 && subject.patch === bound.patch;
}

/** Sign of subject - bound, with `open` in place of what the bound leaves open. */
function compare(subject: Version, bound: Version, open: number): number {
  return (
    subject.major - bound.major ||
    Math.sign((subject.minor ?? 0) - (bound.minor ?? open)) ||
    Math.sign((subject.patch ?? 0) - (bound.patch ?? open))
  );
}

/** Undefined: `*`, or not a version. */
function parseVersion(text: string): Version | undefined {
  const match = whole.exec(text);
  const number = (part: string | undefined) => (part === undefined || /[xX*]/.test(part) ? undefined : Number(part));
  const major = number(match?.[1]);
  if (match === null || major === undefined) return undefined;
  const minor = number(match[2]);
  return { major, minor, patch: minor === undefined ? undefined : number(match[3]) };
}
