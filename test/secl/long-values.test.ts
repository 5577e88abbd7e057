import { expect, test } from 'vitest';
import { compileExpression, type Event, evaluate, eventFromFlat, limits, type Value } from '../../src/secl/index.js';

const scope = { macros: new Map(), variables: new Map() };
const context = { now: 0n };

function ask(expression: string, event: Event) {
  return evaluate(compileExpression(expression, scope).expression, event, context);
}

// About 3,600 instructions: of a value so many bytes may be searched.
const costly = '[^a]{900}[^b]{900}[^c]{900}[^d]{900}';
const searched = Math.floor(limits.regexpSearch.value / 3_600);

test.each<[string, boolean | 'unknown', string]>([
  ['x'.repeat(searched * 2), true, 'what the beginning decides is decided'],
  ['a'.repeat(searched * 2), 'unknown', 'what it leaves open is unknown'],
  ['a'.repeat(4_000), false, 'a short value is searched to its end'],
])('a costly regular expression over a long value (%#)', (args, truth) => {
  const event = eventFromFlat({ 'exec.args': args });
  expect(ask(`exec.args == r"${costly}"`, event)).toBe(truth);
  expect(ask(`exec.args in [r"${costly}", "nothing"]`, event)).toBe(truth);
});

test('other matchers of the list look at the whole value, and so do cheap regular expressions', () => {
  const event = eventFromFlat({ 'exec.args': `${'a'.repeat(searched * 2)}end` });
  expect(ask(`exec.args in [r"${costly}", ~"*end"]`, event)).toBe(true);
  expect(ask('exec.args == r"end$"', event)).toBe(true);
  expect(ask('exec.args == r"ends$"', event)).toBe(false);
});

const some = (...elements: string[]): Value => ({ known: 'elements', elements });

test.each<[Value, Value, boolean | 'unknown']>([
  [['a', 'b'], ['b'], true],
  [['a'], ['b'], false],
  [[], ['b'], false],
  [some('a'), ['b'], 'unknown'],
  [some('a'), ['a'], true],
  [some(), [], false],
  [['a'], some('b'), 'unknown'],
  [[], some('b'), false],
  [[{ known: 'nothing' }], ['b'], 'unknown'],
  [[{ known: 'nothing' }], [], false],
  [[{ known: 'prefix', prefix: 'b' }, 'c'], ['c'], true],
])('array against array: %j in %j is %j', (left, right, truth) => {
  const event: Event = {
    get: ({ name }) => (name === 'exec.args_flags' ? left : right),
    iterate: () => ({ elements: [], complete: true }),
  };
  expect(ask('exec.args_flags in exec.envs', event)).toBe(truth);
});
