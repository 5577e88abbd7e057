import { expect, test } from 'vitest';
import { ImageHistory } from '../../src/events/image.js';
import { limits } from '../../src/events/limits.js';

const image = (hash: string) => ({ hash, rules: [] });

test('records wait until a swap that is under way is known', async () => {
  const images = new ImageHistory();
  const order: string[] = [];
  let activated = () => {};
  const swap = images.during(async () => {
    await new Promise<void>((resolve) => {
      activated = resolve;
    });
    order.push('active');
    return { generation: 5n, image: image('five') };
  });
  const waiting = images.settled().then(() => order.push(images.image(5n)?.hash ?? 'unknown'));
  activated();
  await Promise.all([swap, waiting]);
  expect(order).toEqual(['active', 'five']);
});

test('a swap that fails holds nothing up and adds nothing', async () => {
  const images = new ImageHistory();
  await expect(images.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await images.settled();
  expect(images.image(1n)).toBeUndefined();
});

test('the oldest image is forgotten past the limit', async () => {
  const images = new ImageHistory();
  for (let generation = 1; generation <= limits.imageHistory.value + 1; generation++) {
    await images.during(async () => ({ generation: BigInt(generation), image: image(String(generation)) }));
  }
  expect(images.image(1n)).toBeUndefined();
  expect(images.image(2n)?.hash).toBe('2');
});
