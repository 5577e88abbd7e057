// Storms of execs below and beside a program that a rule asks for, while policies take turns: no verdict is wrong, nothing is left
// behind. PORTCULLIS_SOAK_EXECS: how many (npm run test:soak: 20,000).
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { KERNELS } from '../../scripts/lib/vm.mjs';
import { runInGuest } from './guest.js';

const long = process.env.PORTCULLIS_SOAK_EXECS;
const execs = Number(long ?? 800);
/** Seconds that many may take on a small host. */
const patience = 280 + execs / 10;

interface Storm {
  readonly storm: string;
  readonly ran: number;
  readonly refused: number;
  readonly killed: number;
  readonly failed: number;
}

interface Rest {
  readonly swaps: number;
  readonly slabBefore: number;
  readonly slabAfter: number;
}

describe(`${execs} execs during swaps`, () => {
  describe.each(KERNELS)('on %s', (kernel) => {
    let storms: Storm[];
    let rest: Rest;

    beforeAll(
      async () => {
        const { stdout, status, output } = await runInGuest({
          kernel,
          command: ['node', '/share/guest.mjs', String(execs)],
          files: { '/share/guest.mjs': fileURLToPath(new URL('soak/guest.mjs', import.meta.url)) },
          timeout: patience,
        });
        expect(status, output).toBe(0);
        const lines = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Storm & Rest);
        storms = lines.filter(({ storm }) => storm !== undefined);
        rest = lines.find(({ swaps }) => swaps !== undefined)!;
        console.log(`${kernel}: ${JSON.stringify(rest)}`);
      },
      (patience + 20) * 1000,
    );

    it('what descends from nginx never runs, the same elsewhere always does', () => {
      expect(storms).toHaveLength(8);
      for (const { storm, ran, refused, killed, failed } of storms) {
        const decided = { ran, stopped: refused + killed, failed };
        const all = execs / 8;
        expect({ storm, ...decided }).toEqual(
          storm === 'storm-web'
            ? { storm, ran: 0, stopped: all, failed: 0 }
            : { storm, ran: all, stopped: 0, failed: 0 },
        );
      }
    });

    it('nothing was unknown, unseen or lost', () => {
      expect(rest).toMatchObject({
        orphans: 0,
        unknown: 0,
        circles: 0,
        unseen: 0,
        noMemory: 0,
        uninherited: 0,
        lost: 0,
      });
      expect(rest.swaps).toBeGreaterThan(2);
    });

    it('kernel memory is back where it was', () => {
      // What the storms' task storages took would be more than 600 bytes for each exec.
      expect(rest.slabAfter - rest.slabBefore).toBeLessThan(4096 + (execs * 600) / 1024 / 4);
    });
  });
});
