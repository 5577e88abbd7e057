import { expect, test } from 'vitest';
import { compileValue, evaluateValue, eventFromFlat, type Scope, type Value } from '../../src/secl/index.js';

const scope: Scope = {
  macros: new Map(),
  variables: new Map([['count', { type: 'int', array: false }]]),
};

/** The value of a text over an exec. */
function value(text: string, shape: 'scalar' | 'array' = 'scalar'): Value {
  const event = eventFromFlat({
    'exec.uid': 7,
    'exec.args': { $truncated: '-x' },
    'exec.argv': { $truncated: ['-x'] },
    'exec.envs': ['A', 'B'],
    'exec.file.name': 'tool',
    'exec.gid': { $unknown: true },
  });
  return evaluateValue(compileValue(text, scope).term, shape, event, { now: 0n, variables: new Map([['count', 2n]]) });
}

test.each<[string, Value]>([
  [`\${count} + 1`, 3n],
  ['exec.uid', 7n],
  ['exec.uid == 7', true],
  ['exec.file.name', 'tool'],
  [`"%{exec.file.name}:\${count}"`, 'tool:2'],
  ['"plain"', 'plain'],
  ['exec.gid + 1', { known: 'nothing' }],
  ['exec.gid == 1', { known: 'nothing' }],
  ['exec.args', { known: 'prefix', prefix: '-x' }],
])('%s', (text, expected) => {
  expect(value(text)).toEqual(expected);
});

test('an array is all of it, or says that it is not', () => {
  expect(value('exec.envs', 'array')).toEqual(['A', 'B']);
  expect(value('exec.argv', 'array')).toEqual({ known: 'elements', elements: ['-x'] });
});

test.each(['~"a*"', 'r"a"', 'process.ancestors[A].uid'])('%s is no value to keep', (text) => {
  expect(() => compileValue(text, scope)).toThrow(expect.objectContaining({ code: 'type' }));
});
