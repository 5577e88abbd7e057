/** What enforce.test.ts executes in a guest, and what must become of each under the policy of policy.ts. */
import type { TierName } from '../../../src/kernel/types.js';

/** What a tier that can refuse makes of a program. */
export type Expected = 'refused' | 'killed' | 'ran';

export interface Case {
  readonly id: string;
  /** One of the ways of programs/attempt. */
  readonly way: string;
  readonly path: string;
  readonly argv: readonly string[];
  readonly env?: string;
  /** The rule that names it; absent: none does. */
  readonly rule?: RuleId;
  readonly expected: Expected;
  /** The signal that ends it where it is killed; default 9. */
  readonly signal?: number;
  /** Where a tier sees less. */
  readonly otherwise?: Partial<Record<TierName, Expected>>;
}

export type RuleId =
  | 'pool_url'
  | 'name'
  | 'path'
  | 'memory'
  | 'argv0'
  | 'environment'
  | 'interpreter'
  | 'kill'
  | 'terminate'
  | 'watch';

const bin = '/tmp/vm/bin';
const worker = `${bin}/worker`;
const pool = 'stratum+tcp://pool.example:3333';

/** The same arguments, handed over in each way that a kernel offers. */
const ways: readonly Case[] = (
  [
    ['plain', 'refused'],
    ['vfork', 'refused'],
    ['descriptor', 'refused'],
    ['memfd', 'refused'],
    ['thread', 'refused'],
    ['int80', 'refused'],
    ['page-end', 'refused'],
    ['two-pages', 'refused'],
    ['not-resident', 'refused'],
    ['vanishing', 'refused'],
    ['padded-long', 'refused'],
    ['padded-many', 'refused'],
    ['traced', 'refused'],
  ] as const
).map(([way, expected]) => ({
  id: `pool-${way}`,
  way,
  path: worker,
  argv: ['worker', '-o', pool],
  rule: 'pool_url',
  expected,
}));

/** The control of each: arguments nobody minds. */
const controls: readonly Case[] = [...ways.map(({ way }) => way), 'no-arguments', 'null-arguments'].map((way) => ({
  id: `harmless-${way}`,
  way,
  path: worker,
  argv: ['worker', '-o', 'https://example.org/'],
  expected: 'ran',
}));

function plain(
  id: string,
  path: string,
  argv: readonly string[],
  rest: Omit<Case, 'id' | 'way' | 'path' | 'argv'>,
): Case {
  return { id, way: 'plain', path, argv, ...rest };
}

/** A middle interpreter is gone when the tracepoint fires. */
const middleUnseen = { tracepoint: 'ran' } as const;

export const cases: readonly Case[] = [
  ...ways,
  ...controls,
  plain('argument-in-the-middle', worker, ['worker', '--quiet', `--url=${pool}`, '-B'], {
    rule: 'pool_url',
    expected: 'refused',
  }),
  plain('argv0-alone-is-no-argument', worker, [pool], { expected: 'ran' }),
  plain('miner-name', `${bin}/xmrig-stand-in`, ['xmrig-stand-in'], { rule: 'name', expected: 'refused' }),
  plain('miner-name-forged-argv0', `${bin}/xmrig-stand-in`, ['sshd'], { rule: 'name', expected: 'refused' }),
  {
    ...{ id: 'miner-name-no-arguments', way: 'no-arguments', path: `${bin}/xmrig-stand-in`, argv: ['x'] },
    ...{ rule: 'name', expected: 'refused' },
  },
  {
    ...{ id: 'miner-name-null-arguments', way: 'null-arguments', path: `${bin}/xmrig-stand-in`, argv: ['x'] },
    ...{ rule: 'name', expected: 'refused' },
  },
  plain('place', '/tmp/vm/denied/worker', ['worker'], { rule: 'path', expected: 'refused' }),
  plain('place-roundabout', `${bin}/../denied/./worker`, ['worker'], { rule: 'path', expected: 'refused' }),
  {
    ...{ id: 'memory', way: 'memfd', path: `${bin}/xmrig-stand-in`, argv: ['worker'] },
    ...{ rule: 'memory', expected: 'refused' },
  },
  plain('forged-name', worker, ['[forged]'], { rule: 'argv0', expected: 'refused' }),
  plain('environment', worker, ['worker'], {
    env: 'HOME=/root PORTCULLIS_TEST_POOL=anywhere',
    rule: 'environment',
    expected: 'refused',
  }),
  plain('environment-similar', worker, ['worker'], {
    env: 'PORTCULLIS_TEST_POOLS=PORTCULLIS_TEST_POOL',
    expected: 'ran',
  }),
  plain('script-in-place', '/tmp/vm/denied/script', ['script'], { rule: 'path', expected: 'refused' }),
  plain('script-of-named-interpreter', `${bin}/script-of-bad`, ['x'], { rule: 'name', expected: 'refused' }),
  plain('script-and-interpreter', `${bin}/script`, ['script'], { rule: 'interpreter', expected: 'refused' }),
  plain('nested-script-in-place', `${bin}/outer`, ['outer'], {
    rule: 'path',
    expected: 'refused',
    otherwise: middleUnseen,
  }),
  plain('nested-script-and-interpreter', `${bin}/outer-plain`, ['outer'], {
    rule: 'interpreter',
    expected: 'refused',
    otherwise: middleUnseen,
  }),
  plain('script-argument', `${bin}/script-with-argument`, ['x'], { rule: 'pool_url', expected: 'refused' }),
  plain('script-env', `${bin}/script-env`, ['x'], { rule: 'pool_url', expected: 'refused' }),
  plain('script-caller-argument', `${bin}/outer-harmless`, ['x', pool], { rule: 'pool_url', expected: 'refused' }),
  plain('kill', worker, ['worker', '--kill'], { rule: 'kill', expected: 'killed' }),
  plain('terminate', worker, ['worker', '--terminate'], { rule: 'terminate', expected: 'killed', signal: 15 }),
  plain('watch', worker, ['worker', '--watch'], { rule: 'watch', expected: 'ran' }),
];

/** Tried again after a reload and after the agent's end. */
export const shortCases: readonly Case[] = [
  plain('pool', worker, ['worker', '-o', pool], { expected: 'refused' }),
  plain('new', worker, ['worker', '--new'], { expected: 'refused' }),
];

/** The file that programs/attempt reads. */
export function planOf(list: readonly Case[]): string {
  return list.map(({ id, way, path, env, argv }) => `${[id, way, path, env ?? '-', ...argv].join('\t')}\n`).join('');
}

/** What a case must come to under a tier. */
export function expectedUnder(tier: TierName, { expected, otherwise }: Case): Expected {
  const here = otherwise?.[tier] ?? expected;
  switch (tier) {
    case 'lsm':
    case 'fmod_ret':
      return here;
    case 'kprobe':
    case 'tracepoint':
      return here === 'ran' ? 'ran' : 'killed';
  }
}
