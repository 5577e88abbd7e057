/** The container that a cgroup's path names: what the kernel programs find against what src/events/container.ts does. */
import { expect, test } from 'vitest';
import { compile } from '../../src/compiler/index.js';
import { containerOf } from '../../src/events/container.js';
import { ruleset } from '../compiler/support.js';
import { Random } from '../property/random.js';
import { KernelMatcher, whyNoMatcher } from './matcher.js';

const paths = 4000;
/** Part of the paths that must name a container, and part that must not. */
const leastOfEach = 0.15;

const hex = (random: Random, digits: number) =>
  random.list(digits, () => random.pick([...'0123456789abcdef'])).join('');

/** What is in a path below container engines, and what comes near it. */
const names: readonly ((random: Random) => string)[] = [
  (random) => hex(random, 64),
  (random) => `${hex(random, 32)}-${random.below(1e6)}`,
  (random) => hex(random, 32),
  (random) => [8, 4, 4, 4, 4].map((digits) => hex(random, digits)).join('-'),
  (random) =>
    `${random.pick(['docker', 'containerd', 'cri-containerd', 'nerdctl', 'crio', 'libpod', 'other'])}-${hex(random, 64)}`,
  (random) =>
    `${random.pick(['docker', 'containerd', 'cri-containerd', 'nerdctl', 'crio', 'libpod', 'crio-conmon'])}-${hex(random, 64)}.scope`,
  (random) =>
    `${random.pick(['kubepods-pod1.slice', '', 'a'])}:${random.pick(['cri-containerd', 'crio', 'x'])}:${hex(random, 64)}`,
  (random) => `lxc.payload.${random.pick(['', 'web', 'a b'])}`,
  (random) => `systemd-nspawn@${random.pick(['', 'web', 'é'])}.service`,
  (random) =>
    random.pick([
      'docker',
      'lxc',
      'libpod_parent',
      'ecs',
      'garden',
      'system.slice',
      'machine.slice',
      'kubepods',
      'x',
      'init.scope',
    ]),
];

function randomName(random: Random): string {
  const name = random.pick(names)(random);
  const at = random.below(name.length + 1);
  return random.weighted<() => string>([
    [12, () => name],
    [1, () => name.slice(0, at) + name.slice(at + 1)],
    [1, () => name.slice(0, at) + random.pick([...'aF-.:0']) + name.slice(at)],
    [1, () => name.toUpperCase()],
  ])();
}

const reason = whyNoMatcher();

test.skipIf(reason)('is the same for both', { timeout: 120_000 }, () => {
  const seed = Number(process.env.PORTCULLIS_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = new Random(seed);
  const { image } = compile(ruleset());
  const matcher = KernelMatcher.load();
  let found = 0;
  try {
    for (let at = 0; at < paths; at++) {
      const path = `/${random.list(random.between(0, 4), () => randomName(random)).join('/')}`;
      const bytes = Buffer.from(path).toString('latin1');
      const { container } = matcher.decide(image, {
        levels: [{ facts: {} }],
        last: 'program',
        facts: {},
        cgroup: { bytes, complete: true },
        container: 'derived',
      });
      const expected = containerOf(bytes)?.id ?? '';
      expect(container, `of ${path}, seed ${seed}`).toBe(expected);
      if (expected !== '') found++;
    }
  } finally {
    matcher.close();
  }
  expect(found / paths).toBeGreaterThan(leastOfEach);
  expect(1 - found / paths).toBeGreaterThan(leastOfEach);
});
