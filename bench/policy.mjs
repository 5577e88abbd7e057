// A policy on its way: from text to image, by number of rules, and from image to image in the kernel while programs are executed.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NeedsHelpError } from '../scripts/lib/process.mjs';
import { once } from './lib/policy-work.mjs';
import { figure, median, quantile } from './lib/statistics.mjs';
import { swapUnderLoad } from './lib/swaps.mjs';
import { policyOf } from './rules.mjs';

export const name = 'policy';

const EFFORT = {
  quick: { sizes: [10, 300, 1000], cold: 3, pairs: 8 },
  full: { sizes: [10, 100, 300, 1000, 10_000], cold: 11, pairs: 60 },
};

const TARGET = { small: 300, large: 10_000 };

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  if (process.getuid?.() !== 0) throw new NeedsHelpError('section policy loads BPF programs: run it as root');
  const { sizes, cold, pairs } = EFFORT[effort];
  const first = Array.from({ length: cold }, () => firstInProcess(TARGET.small));
  const firsts = {
    load: figure(first.map((one) => one.load)),
    compile: figure(first.map((one) => one.compile)),
    both: figure(first.map((one) => one.load + one.compile)),
  };
  const warm = sizes.map((size) => ({ size, ...inWarmProcess(size) }));
  const swapped = [];
  for (const size of sizes) swapped.push({ size, ...(await swapUnderLoad(twoImages(size), pairs)) });
  const large = warm.find(({ size }) => size === TARGET.large);
  const delays = swapped.map(({ quiet, swapping }) => quantile(swapping, 0.999) - quantile(quiet, 0.999));
  return {
    tables: [
      {
        title: `From text to image, the first time in a process: processor time of the thread that does it, ${cold} processes`,
        columns: ['rules', 'load, ms', 'compile, ms', 'together, ms'],
        rows: [[TARGET.small, firsts.load, firsts.compile, firsts.both]],
      },
      {
        title: 'The same in a warm process',
        columns: ['rules', 'load, ms', 'compile, ms', 'together, ms', 'rules in user space', 'image, bytes'],
        rows: warm.map(({ size, load, compile, both, outside, bytes }) => [size, load, compile, both, outside, bytes]),
      },
      {
        title:
          'One image for another in the kernel, every 20 ms in every other quarter of a second, while a program is executed over and over',
        columns: [
          'rules',
          'kernel memory, bytes',
          'swaps',
          'a swap, ms',
          'execs without swaps: median, ms',
          '99 %',
          '99.9 %',
          'longest',
          'with swaps: median, ms',
          '99 %',
          '99.9 %',
          'longest',
        ],
        rows: swapped.map(({ size, kernelBytes, swaps, quiet, swapping }) => [
          size,
          kernelBytes,
          swaps.length,
          figure(swaps),
          ...distribution(quiet),
          ...distribution(swapping),
        ]),
      },
    ],
    targets: [
      {
        what: `${TARGET.small} rules from text to image, the first time in a process`,
        bound: { atMost: 300 },
        measured: firsts.both.median,
        unit: 'ms of processor',
      },
      ...(large === undefined
        ? []
        : [
            {
              what: '10,000 rules from text to image',
              bound: { atMost: 5000 },
              measured: large.both.median,
              unit: 'ms of processor',
            },
          ]),
      {
        what: 'delay of an exec by a swap: the 99.9th percentile with swaps less that without, largest of all sizes',
        bound: { atMost: 5 },
        measured: Math.max(...delays, 0),
        unit: 'ms',
      },
    ],
  };
}

const distribution = (times) => [median(times), quantile(times, 0.99), quantile(times, 0.999), Math.max(...times)];

function firstInProcess(size) {
  const script = fileURLToPath(new URL('lib/policy-work.mjs', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, String(size)], { encoding: 'utf8' }));
}

function inWarmProcess(size) {
  const text = policyOf(size);
  const runs = Array.from({ length: size > 1000 ? 3 : 7 }, () => once(text));
  return {
    load: figure(runs.map((one) => one.load)),
    compile: figure(runs.map((one) => one.compile)),
    both: figure(runs.map((one) => one.load + one.compile)),
    outside: runs[0].outside,
    bytes: runs[0].image.length,
  };
}

/** @returns {[Uint8Array, Uint8Array]} */
function twoImages(size) {
  return [once(policyOf(size)).image, once(policyOf(size + 1)).image];
}
