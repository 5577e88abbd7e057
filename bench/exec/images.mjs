// An exec under several policy images, each beside the same machine with everything detached.
import { setUp } from '../../scripts/lib/setup.mjs';
import { figure, ratio } from '../lib/statistics.mjs';
import { measureInGuest } from './machine.mjs';
import { policyImage } from './policies.mjs';

/**
 * @typedef {object} Wanted
 * @property {'6.1' | '6.12'} kernel
 * @property {number} execs in a run
 * @property {number} rounds pairs of runs
 * @property {{name: string, bytes: number[], policy: string, mode: 'monitor' | 'enforce', shadow?: string}[]} configurations
 *   `bytes` of arguments; policies by name, see policies.mjs; a shadow is a second policy that decides beside the first
 */

/**
 * What the guest reads: Wanted, with images in place of policies.
 * @typedef {object} Plan
 * @property {'lsm'} tier
 * @property {number} execs
 * @property {number} warmUp execs that execbench makes before it measures
 * @property {number} rounds
 * @property {{name: string, bytes: number[], image: string, shadow?: string}[]} configurations files of /bench/images
 */

/** WARM_UP of bench/guest/programs/execbench.c. */
const WARM_UP = 100;

/** Seconds that the machine may take: a busy host emulates slowly. */
const TIMEOUT = 3600;

/**
 * Measures in one boot.
 * @param {Wanted} wanted
 * @returns {Promise<{kernel: string, findings: Record<string, any>[]}>}
 */
export async function measureImages({ kernel, execs, rounds, configurations }) {
  await setUp([`kernel-${kernel}`]);
  const contents = {};
  const keep = async (policy, mode) => {
    const file = `${policy} ${mode}`;
    contents[`images/${file}`] ??= await policyImage(policy, mode);
    return file;
  };
  const guests = [];
  for (const { name, bytes, policy, mode, shadow } of configurations) {
    const image = await keep(policy, mode);
    guests.push({ name, bytes, image, ...(shadow !== undefined && { shadow: await keep(shadow, mode) }) });
  }
  /** @type {Plan} */
  const plan = { tier: 'lsm', execs, warmUp: WARM_UP, rounds, configurations: guests };
  return measureInGuest({ kernel, script: 'images.mjs', plan, contents, timeout: TIMEOUT });
}

/** @param {{kernel: string, findings: Record<string, any>[]}} measured @returns {import('../lib/section.mjs').Table} */
export function imagesTable({ kernel, findings }) {
  const rows = pairs(findings).map(({ configuration, bytes, base, own }) => [
    configuration,
    bytes,
    figure(own),
    Math.round(figure(own).median - figure(base).median),
    ratio(own, base),
  ]);
  return {
    title: `Kernel ${kernel}: an exec with 12 arguments, in instructions (vfork, execve and wait together)`,
    columns: ['with', 'bytes of arguments', 'instructions', 'more than without', 'times without'],
    rows,
  };
}

/** @param {{kernel: string, findings: Record<string, any>[]}} measured @returns {import('../lib/section.mjs').Table} */
export function profileTable({ kernel, findings }) {
  const profiles = findings.filter(({ profile }) => profile !== undefined);
  const programs = [...new Set(profiles.flatMap((finding) => finding.programs.map(({ program }) => program)))];
  const of = (finding, name) => finding.programs.find(({ program }) => program === name)?.instructions;
  return {
    title: `Kernel ${kernel}: instructions an exec in each BPF program, the kernel's way there not counted`,
    columns: ['with', 'bytes of arguments', ...programs],
    rows: profiles.map((finding) => [
      finding.profile,
      finding.bytes,
      ...programs.map((name) => Math.round(of(finding, name) ?? 0)),
    ]),
  };
}

/** Ratio of one configuration. @param {{findings: Record<string, any>[]}} measured @param {string} name @returns {number} */
export function timesWithout({ findings }, name) {
  const { own, base } = pairs(findings).find(({ configuration }) => configuration === name);
  return ratio(own, base).ratio;
}

/** Each run beside the one just before it, which had nothing attached; medians of the single execs of a run. */
function pairs(findings) {
  const rows = new Map();
  let without;
  for (const { configuration, bytes, median } of findings) {
    if (configuration === 'none') without = median;
    if (configuration === undefined || configuration === 'none' || configuration === 'clean') continue;
    const key = `${configuration} ${bytes}`;
    const row = rows.get(key) ?? { configuration, bytes, base: [], own: [] };
    row.base.push(without);
    row.own.push(median);
    rows.set(key, row);
  }
  return [...rows.values()];
}
