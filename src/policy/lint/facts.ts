/** What a conjunction says about each fact of an event, to find one that cannot have the value it is asked to have. */
import { type Bytes, type Comparison, type Expression, type Field, type Matcher, matches } from '../../secl/index.js';

/** Ids, counts and places are never negative. */
const unsigned = /(^|\.)(uid|gid|euid|egid|fsuid|fsgid|auid|pid|ppid|tid|inode|mode|rights|size|port|length)$/;

/** One fact that has one value. Arrays are left out: `a in x && b in x` may well hold. */
interface Fact {
  readonly wanted: (readonly Matcher[])[];
  readonly unwanted: Matcher[];
  least: bigint | undefined;
  most: bigint | undefined;
  members: readonly bigint[] | undefined;
  readonly others: Set<bigint>;
  flag: boolean | undefined;
  impossible: boolean;
}

/** Whether all of them together hold for no event, as far as single facts tell. */
export function contradict(conjuncts: readonly Expression[]): boolean {
  const facts = new Map<string, Fact>();
  for (const conjunct of conjuncts) {
    if (conjunct.node === 'not') note(conjunct.operand, 'denied', facts);
    else note(conjunct, 'stated', facts);
  }
  return [...facts.values()].some(isImpossible);
}

function note(test: Expression, sign: 'stated' | 'denied', facts: Map<string, Fact>): void {
  switch (test.node) {
    case 'match': {
      const fact = factOf(test.field.field, facts);
      if (sign === 'stated') fact?.wanted.push(test.matchers);
      else fact?.unwanted.push(...test.matchers);
      return;
    }
    case 'flag': {
      const fact = factOf(test.field.field, facts);
      if (fact === undefined) return;
      const value = sign === 'stated';
      if (fact.flag === !value) fact.impossible = true;
      fact.flag = value;
      return;
    }
    case 'compare': {
      const { left, right, operator } = test;
      if (left.term !== 'field' || right.term !== 'integer') return;
      const fact = factOf(left.field.field, facts);
      if (fact !== undefined) bound(fact, sign === 'stated' ? operator : opposite[operator], right.value);
      return;
    }
    case 'member': {
      const fact = test.term.term === 'field' ? factOf(test.term.field.field, facts) : undefined;
      if (fact === undefined) return;
      if (sign === 'denied') for (const value of test.values) fact.others.add(value);
      else fact.members = fact.members?.filter((value) => test.values.includes(value)) ?? test.values;
      return;
    }
    default:
      return;
  }
}

const opposite = { '==': '!=', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

function bound(fact: Fact, operator: Comparison | '!=', value: bigint): void {
  const atLeast = (least: bigint) => {
    fact.least = fact.least === undefined || least > fact.least ? least : fact.least;
  };
  const atMost = (most: bigint) => {
    fact.most = fact.most === undefined || most < fact.most ? most : fact.most;
  };
  switch (operator) {
    case '==':
      atLeast(value);
      atMost(value);
      return;
    case '!=':
      fact.others.add(value);
      return;
    case '<':
      atMost(value - 1n);
      return;
    case '<=':
      atMost(value);
      return;
    case '>':
      atLeast(value + 1n);
      return;
    case '>=':
      atLeast(value);
      return;
  }
}

function factOf(field: Field, facts: Map<string, Fact>): Fact | undefined {
  if (field.array) return undefined;
  const known = facts.get(field.canonical);
  if (known !== undefined) return known;
  const fact: Fact = {
    wanted: [],
    unwanted: [],
    least: unsigned.test(field.canonical) ? 0n : undefined,
    most: undefined,
    members: undefined,
    others: new Set(),
    flag: undefined,
    impossible: false,
  };
  facts.set(field.canonical, fact);
  return fact;
}

function isImpossible(fact: Fact): boolean {
  const { least, most, members, others, impossible } = fact;
  if (impossible) return true;
  const values = members ?? (least !== undefined && least === most ? [least] : undefined);
  if (values !== undefined) {
    return values.every(
      (value) => others.has(value) || (least !== undefined && value < least) || (most !== undefined && value > most),
    );
  }
  if (least !== undefined && most !== undefined && least > most) return true;
  return noTextFits(fact);
}

/** Only where some test names all the texts there may be: these are tried with the other tests. */
function noTextFits({ wanted, unwanted }: Fact): boolean {
  const listed = wanted.find((matchers) => matchers.every(({ kind }) => kind === 'exact'));
  if (listed === undefined) return false;
  const texts = listed.flatMap((matcher): Bytes[] => (matcher.kind === 'exact' ? [matcher.bytes] : []));
  return texts.every(
    (text) =>
      unwanted.some((matcher) => matches(matcher, text)) ||
      wanted.some((matchers) => !matchers.some((matcher) => matches(matcher, text))),
  );
}
