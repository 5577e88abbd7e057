// Callers in the middle of an exec hold up nothing: neither `off` nor a swap, and they are decided when they go on.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { onEachKernel, runInGuest } from './guest.js';

/** Milliseconds. An idle host takes well under a second; this is for a machine that is emulated on a busy one. */
const patience = 10_000;

describe('64 callers in the middle of an exec', () => {
  onEachKernel((kernel) => {
    it('keep neither off nor ten swaps waiting, and are refused when they go on', async () => {
      const { stdout, status, output } = await runInGuest({
        kernel,
        command: ['node', '/share/parked.mjs'],
        files: { '/share/parked.mjs': fileURLToPath(new URL('safety/parked.mjs', import.meta.url)) },
      });
      expect(status, output).toBe(0);
      const { off, all, ...found } = JSON.parse(stdout) as { off: number; all: number };
      expect(found).toEqual({ parked: 'parked', outcome: ['ran 0', 'refused 64'], inside: [0, 0, 0], grown: 0 });
      expect(all).toBeLessThan(patience);
      console.info(`${kernel}: off ${off} ms, with ten swaps ${all} ms`);
    });
  });
});
