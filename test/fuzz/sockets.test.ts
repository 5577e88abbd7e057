import { expect, test } from 'vitest';
import { fuzzSockets } from './sockets.js';

// `npm run fuzz` rages for a minute.
test('three seconds of hostile clients harm nobody', async () => {
  const { connections, answered, problems } = await fuzzSockets({ seconds: 3, seed: 7 });
  expect(problems).toEqual([]);
  expect(connections).toBeGreaterThan(20);
  expect(answered).toBeGreaterThan(0);
});
