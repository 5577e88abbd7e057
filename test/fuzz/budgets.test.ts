import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compile } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';
import { evaluate, eventFromFlat } from '../../src/secl/index.js';
import { Random } from '../property/random.js';
import { limits } from './limits.js';
import { policyOf } from './policies.js';

// Rules made to be expensive. Each is loaded, compiled and evaluated within a second of work, or refused with a reason.

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const list = (count: number, member: (at: number) => string) => `[${numbers(count).map(member).join(', ')}]`;

type Outcome = 'kernel' | 'user space' | 'refused';

const rules: readonly (readonly [title: string, outcome: Outcome, expression: string])[] = [
  ['a regular expression of many states', 'user space', 'exec.args == r"(a|b)*a(a|b){14}"'],
  ['one of very many states', 'user space', 'exec.args == r"(a|b)*a(a|b){200}"'],
  ['a window that moves', 'user space', 'exec.args == r"(?s).{500}a"'],
  ['nested repetition', 'kernel', 'exec.args == r"(a{0,30}){0,30}"'],
  ['stars in stars', 'kernel', 'exec.args == r"(x+x+)+y"'],
  ['many optional parts', 'kernel', `exec.args == r"${'(a?)'.repeat(250)}"`],
  ['large classes', 'user space', 'exec.args == r"(\\pL|\\pN|\\pS){0,90}x"'],
  ['too many instructions', 'refused', `exec.args == r"${'[^a]{999}'.repeat(9)}"`],
  ['too long a regular expression', 'refused', `exec.args == r"${'a'.repeat(2_000)}"`],
  ['a deep regular expression', 'kernel', `exec.args == r"${'('.repeat(400)}a${')'.repeat(400)}"`],
  ['hundreds of regular expressions', 'user space', `exec.args in ${list(200, (at) => `r"w${at}.*x"`)}`],
  ['a pattern of many stars', 'kernel', `exec.args =~ "${'*a'.repeat(2_000)}*"`],
  ['a path pattern of many stars', 'kernel', `exec.file.path =~ "/${'*a*b*'.repeat(40)}/**/${'*c'.repeat(40)}"`],
  ['a path pattern of many segments', 'kernel', `exec.file.path =~ "/${'*a*/'.repeat(400)}x"`],
  ['a list of many strings', 'kernel', `exec.comm in ${list(16_000, (at) => `"w${at}"`)}`],
  ['a list of many patterns', 'kernel', `exec.args in ${list(5_000, (at) => `~"*w${at}*"`)}`],
  ['a list of many path patterns', 'kernel', `exec.file.path in ${list(800, (at) => `~"/a${at}/*/b*"`)}`],
  ['a list of many numbers', 'kernel', `exec.uid in ${list(16_000, (at) => String(at * 3))}`],
  ['a list that is too long', 'refused', `exec.uid in ${list(16_385, String)}`],
  ['a long string', 'kernel', `exec.args == "${'x'.repeat(4_096)}"`],
  ['too long a string', 'refused', `exec.args == "${'x'.repeat(4_097)}"`],
  ['many parentheses', 'kernel', `${'('.repeat(120)}exec.uid == 0${')'.repeat(120)}`],
  ['too many parentheses', 'refused', `${'('.repeat(100_000)}exec.uid == 0${')'.repeat(100_000)}`],
  ['too many negations', 'refused', `${'!'.repeat(200_000)}(exec.uid == 0)`],
  [
    'a long disjunction',
    'user space',
    numbers(10_000)
      .map((at) => `exec.uid == ${at}`)
      .join(' || '),
  ],
  ['too many changes of operator', 'refused', `${'exec.uid == 0 && exec.gid == 0 || '.repeat(2_000)}exec.uid == 0`],
  [
    'a product of sums',
    'kernel',
    numbers(60)
      .map((at) => `(exec.uid == ${at} || exec.gid == ${at})`)
      .join(' && '),
  ],
  ['truths compared side by side', 'user space', `${'(exec.uid == 0) == '.repeat(100)}(exec.gid == 0)`],
  [
    'truths compared in one another',
    'user space',
    `${'((exec.uid == 0) == '.repeat(60)}true == (exec.gid == 0)${')'.repeat(60)}`,
  ],
  ['lists against lists', 'user space', 'exec.argv in exec.envs'],
];

/** An exec with much to look at. */
const event = eventFromFlat({
  'exec.argv': ['x', 'a'.repeat(3_000), ...numbers(20_000).map((at) => `a${at}`)],
  'exec.envs': numbers(20_000).map((at) => `b${at}`),
  'exec.comm': 'a'.repeat(200),
  'exec.file.path': `/${'a/'.repeat(1_000)}aaa`,
});

/** Milliseconds that this thread has worked. */
function worked(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

test.each(rules)('%s: %s', (_, outcome, expression) => {
  const text = policyOf(new Random(1), [expression]);
  const begin = worked();
  const ruleset = loadPolicies([{ file: 'a.policy', text }]);
  const compiled = compile(ruleset);
  for (const rule of ruleset.rules) evaluate(rule.expression, event, { now: 0n });
  expect(worked() - begin).toBeLessThan(limits.inputMilliseconds);
  expect(ruleset.rules).toHaveLength(outcome === 'refused' ? 0 : 1);
  if (outcome === 'refused') expect(ruleset.diagnostics.filter(({ severity }) => severity === 'error')).toHaveLength(1);
  else expect(compiled.rules[0]!.decision).toBe(outcome === 'kernel' ? 'decided' : 'candidate');
});

test('thousands of wrong names', () => {
  const expressions = numbers(5_000).map((at) => `exec.fil.nam${at} == "x"`);
  const begin = worked();
  expect(loadPolicies([{ file: 'a.policy', text: policyOf(new Random(1), expressions) }]).rules).toEqual([]);
  expect(worked() - begin).toBeLessThan(4 * limits.inputMilliseconds);
});
