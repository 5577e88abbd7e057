// What an exec costs, in instructions, with and without Portcullis, and beside peers; and what the agent itself does for it.
import { besideTable, CASES, has, measureBeside, ownWork, timesFreshBoot } from './exec/beside.mjs';
import { imagesTable, measureImages, profileTable, timesWithout } from './exec/images.mjs';

export const name = 'exec';

const KERNELS = { quick: ['6.1'], full: ['6.1', '6.12'] };

/** Bytes of the 12 arguments. What section `decision` takes is measured once more. */
const BYTES = 213;
const MORE_BYTES = 300;

const SHIPPED = { name: 'enforce, shipped policy', bytes: [BYTES], policy: 'shipped', mode: 'enforce' };
const ONE_RULE = { name: 'enforce, one rule', bytes: [BYTES], policy: 'one rule', mode: 'enforce' };

const CONFIGURATIONS = {
  quick: [ONE_RULE, SHIPPED],
  full: [
    { ...ONE_RULE, name: 'monitor, one rule', mode: 'monitor' },
    ONE_RULE,
    { ...ONE_RULE, name: 'enforce, one rule, the same in shadow', shadow: 'one rule' },
    { ...SHIPPED, name: 'monitor, shipped policy', mode: 'monitor' },
    { ...SHIPPED, bytes: [BYTES, MORE_BYTES] },
    { ...SHIPPED, name: 'enforce, shipped policy, the same in shadow', shadow: 'shipped' },
    { name: 'monitor, 1,000 rules', bytes: [BYTES], policy: '1,000 rules', mode: 'monitor' },
    { name: 'enforce, 1,000 rules', bytes: [BYTES], policy: '1,000 rules', mode: 'enforce' },
    {
      name: 'enforce, 1,000 rules, the same in shadow',
      bytes: [BYTES],
      policy: '1,000 rules',
      mode: 'enforce',
      shadow: '1,000 rules',
    },
  ],
};

/** Execs in a run, and pairs of runs: instructions differ little from run to run. */
const SIZES = { quick: { execs: 300, rounds: 3 }, full: { execs: 300, rounds: 3 } };

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const measured = [];
  for (const kernel of KERNELS[effort]) {
    const images = await imagesOn(kernel, effort);
    measured.push({ kernel, images, ...(effort === 'full' && { beside: await besideOn(kernel) }) });
  }
  return report(measured);
}

/** @param {'6.1' | '6.12'} kernel @param {import('./lib/section.mjs').Effort} effort */
export function imagesOn(kernel, effort) {
  return measureImages({ kernel, ...SIZES[effort], configurations: CONFIGURATIONS[effort] });
}

/** What the agent does for an exec does not depend on the kernel. @param {'6.1' | '6.12'} kernel */
export function besideOn(kernel) {
  const cases = Object.keys(CASES).filter((name) => kernel === KERNELS.full[0] || CASES[name].pairs === undefined);
  return measureBeside({ kernel, ...SIZES.full, argumentBytes: BYTES, cases });
}

/**
 * @typedef {{kernel: string, findings: Record<string, any>[]}} Measured
 * @param {{kernel: '6.1' | '6.12', images: Measured, beside?: Measured}[]} measured
 * @returns {import('./lib/section.mjs').SectionResult}
 */
export function report(measured) {
  const tables = measured.flatMap(({ images, beside }) => [
    imagesTable(images),
    profileTable(images),
    ...(beside === undefined ? [] : [besideTable(beside)]),
  ]);
  const targets = measured.flatMap(({ kernel, images, beside }) => [
    {
      what: `exec with the shipped policy in enforce, kernel ${kernel}`,
      bound: { atMost: 1.03 },
      measured: timesWithout(images, SHIPPED.name),
      unit: 'times without',
    },
    ...(beside === undefined ? [] : peerTargets(beside, kernel)),
  ]);
  return { kernel: measured.map(({ images }) => images.kernel).join(' and '), tables, targets };
}

/**
 * Cheaper than the peers that see arguments or decide by file, and an agent that is left alone; of what was measured.
 * @param {Measured} beside @param {string} kernel
 */
function peerTargets(beside, kernel) {
  const own = 'portcullis=enforce-shipped';
  const below = ['tomoyo', 'auditd', 'fapolicyd']
    .filter((peer) => has(beside, peer) && has(beside, own))
    .map((peer) => ({
      what: `the same beside ${CASES[peer].title}, kernel ${kernel}`,
      bound: { atMost: timesFreshBoot(beside, peer) },
      measured: timesFreshBoot(beside, own),
      unit: 'times a fresh boot',
    }));
  const work = [
    { what: 'the agent, when no rule needs events: none, as far as can be told', name: own, atMost: 1000 },
    { what: 'the agent, when events are wanted and nothing matches', name: 'portcullis=exit-rule', atMost: 60_000 },
  ]
    .filter(({ name }) => has(beside, name))
    .map(({ what, name, atMost }) => ({
      what: `${what}, kernel ${kernel}`,
      bound: { atMost },
      measured: ownWork(beside, name),
      unit: 'instructions an exec',
    }));
  return [...below, ...work];
}
