// What an exec costs, in instructions of kernel and program together, with and without Portcullis.
import { imagesTable, measureImages, profileTable } from './exec/images.mjs';

export const name = 'exec';

/** Execs in a run, and pairs of runs. */
const SIZES = { quick: { execs: 300, rounds: 3 }, full: { execs: 1000, rounds: 6 } };

/** Of the arguments together; 300 is what section `decision` takes. */
const ARGUMENT_BYTES = { quick: [213], full: [213, 300] };

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const measured = await measureImages({
    kernel: '6.1',
    ...SIZES[effort],
    argumentBytes: ARGUMENT_BYTES[effort],
    configurations: [
      { name: 'enforce, one rule', policy: 'one rule', mode: 'enforce' },
      { name: 'enforce, shipped policy', policy: 'shipped', mode: 'enforce' },
    ],
  });
  return { kernel: measured.kernel, tables: [imagesTable(measured), profileTable(measured)] };
}
