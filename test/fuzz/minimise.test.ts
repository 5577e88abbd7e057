import { expect, test } from 'vitest';
import type { Judge } from './judge.js';
import { minimise } from './minimise.js';
import type { Failure } from './worker.js';

const attempt = { target: 'lexer', seed: 1, number: 1 } as const;
const failure: Failure = { kind: 'threw', message: 'boom', where: 'here' };

/** A judge that needs no thread. */
function judgeBy(fails: (input: string) => Failure | undefined): Judge {
  return { failureOf: async (_: unknown, input: string) => fails(input) } as unknown as Judge;
}

test('only what is needed for the failure stays', async () => {
  const judge = judgeBy((input) => (input.includes('(') && input.includes(')') ? failure : undefined));
  expect(await minimise(judge, attempt, 'some ( text ) here', failure)).toBe('()');
});

test('another failure does not count', async () => {
  const judge = judgeBy((input) => ({ ...failure, where: input.length >= 8 ? 'here' : 'elsewhere' }));
  expect(await minimise(judge, attempt, 'twelve chars', failure)).toHaveLength(8);
});
