import { expect, test } from 'vitest';
import { fuzzSockets } from './sockets.js';

// `npm run fuzz` rages for a minute.
test('a hundred hostile clients harm nobody', async () => {
  const until = { connections: 100, answers: 2 };
  const { connections, answered, problems } = await fuzzSockets({ until, seed: 7 });
  expect(problems).toEqual([]);
  expect(connections).toBeGreaterThanOrEqual(until.connections);
  expect(answered).toBeGreaterThanOrEqual(until.answers);
});
