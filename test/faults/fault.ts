import { test } from 'vitest';

/** Mounts, and programs in the kernel: only root can. */
const skipped = process.getuid?.() !== 0;

/**
 * One thing that goes wrong, and what is expected then. Both stand in the table of docs/faults.md, so they are written for whoever runs
 * the agent, each in one string: `npm run faults` reads them from the source.
 */
export function fault(what: string, expected: string, proof: () => Promise<void>): void {
  test.skipIf(skipped)(`${what}: ${expected}`, proof, 60_000);
}
