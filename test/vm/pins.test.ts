// Agents that are killed at random moments on real kernels, while a program that is refused is tried without pause: it never runs, and
// each try is told, once records are folded by their id. PORTCULLIS_KILLS: how often.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { onEachKernel, runInGuest } from './guest.js';

const kills = Number(process.env.PORTCULLIS_KILLS ?? 5);
/** Seconds that many may take on a small host. */
const patience = 200 + kills * 15;

interface Findings {
  readonly tries: number;
  readonly ran: number;
  readonly refused: number;
  readonly other: number;
  readonly status: number;
  readonly adopted: number;
  readonly told: number;
  readonly twice: number;
  readonly left: readonly string[];
  readonly after: string;
}

describe(`${kills} kills of the agent`, () => {
  onEachKernel((kernel) => {
    let found: Findings;

    beforeAll(
      async () => {
        const { stdout, status, output } = await runInGuest({
          kernel,
          command: ['node', '/share/guest.mjs', String(kills)],
          files: { '/share/guest.mjs': fileURLToPath(new URL('pins/guest.mjs', import.meta.url)) },
          timeout: patience,
        });
        expect(status, output).toBe(0);
        found = JSON.parse(stdout.trim().split('\n').at(-1)!) as Findings;
        console.log(`${kernel}: ${JSON.stringify(found)}`);
      },
      (patience + 20) * 1000,
    );

    it('let nothing run', () => {
      const { tries, ran, refused, other } = found;
      expect(tries).toBeGreaterThan(kills);
      expect({ ran, refused, other }).toEqual({ ran: 0, refused: tries, other: 0 });
    });

    it('lose no record, and tell none as two', () => {
      const { tries, told, twice } = found;
      expect({ told, twice }).toEqual({ told: tries, twice: 0 });
    });

    it('are followed by agents that go on', () => {
      expect(found.adopted).toBeGreaterThan(0);
    });

    it('leave nothing behind the last, which is stopped', () => {
      const { status, left, after } = found;
      expect({ status, left, after }).toEqual({ status: 0, left: [], after: 'ran' });
    });
  });
});
