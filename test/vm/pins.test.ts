// Agents that are killed at random moments on real kernels, and agents that others with another build of the kernel programs take over
// from, while a program that is refused is tried without pause: it never runs, and each try is told, once records are folded by their id.
// Then, where there are upgrades, rings that run full. PORTCULLIS_KILLS, PORTCULLIS_UPGRADES: how often (npm run test:soak: 100 and 20).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileBpf } from '../../scripts/lib/bpf-objects.mjs';
import { type KernelVersion, onEachKernel, runInGuest } from './guest.js';

const kills = Number(process.env.PORTCULLIS_KILLS ?? 5);
/** Upgrades take their time: where nobody says how many, one kernel has them. */
const upgradesOn = (kernel: KernelVersion) => Number(process.env.PORTCULLIS_UPGRADES ?? (kernel === '6.12' ? 3 : 0));
/** Seconds that many may take on a small host. */
const patience = 600 + (kills + upgradesOn('6.12')) * 30;
const other = fileURLToPath(new URL('pins/other.bpf.c', import.meta.url));

interface Flood {
  readonly ran: number;
  readonly refused: number;
  readonly killed: number;
  readonly failed: number;
  /** Records by their id. */
  readonly told: number;
}

interface Findings {
  readonly tries: number;
  readonly ran: number;
  readonly refused: number;
  readonly other: number;
  readonly status: number;
  readonly failed?: number;
  readonly adopted: number;
  readonly told: number;
  readonly twice: number;
  readonly flooded: Flood;
  readonly reported: Flood;
  readonly lost: { readonly verdicts: number; readonly reports: number };
  readonly left: readonly string[];
  readonly after: string;
}

describe(`${kills} kills of the agent and ${upgradesOn('6.12')} upgrades`, () => {
  let directory: string | undefined;

  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  /** Compiled once, whatever the kernel. */
  async function anotherBuild(): Promise<string> {
    if (directory === undefined) {
      directory = await mkdtemp(join(tmpdir(), 'portcullis-pins-'));
      await compileBpf({ source: other, output: join(directory, 'other.o') });
    }
    return join(directory, 'other.o');
  }

  onEachKernel((kernel) => {
    const upgrades = upgradesOn(kernel);
    let found: Findings;

    beforeAll(
      async () => {
        const { stdout, status, output } = await runInGuest({
          kernel,
          command: ['node', '/share/guest.mjs', String(kills), String(upgrades)],
          files: {
            '/share/guest.mjs': fileURLToPath(new URL('pins/guest.mjs', import.meta.url)),
            ...(upgrades > 0 && { '/share/other.o': await anotherBuild() }),
          },
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
      expect(tries).toBeGreaterThan(kills + upgrades);
      expect({ ran, refused, other }).toEqual({ ran: 0, refused: tries, other: 0 });
    });

    it('lose no record, and tell none as two', () => {
      const { tries, told, twice } = found;
      expect({ told, twice }).toEqual({ told: tries, twice: 0 });
    });

    it('are followed by agents that go on', () => {
      expect(found.adopted).toBeGreaterThanOrEqual(Math.max(1, upgrades));
    });

    it('are survived where the new programs do not load', () => {
      expect(found.failed).toBe(upgrades > 0 ? 1 : undefined);
    });

    it('leave nothing behind the last, which is stopped', () => {
      const { status, left, after } = found;
      expect({ left, after }).toEqual({ left: [], after: 'ran' });
      // where the rings ran full it says that records were lost
      expect(status).toBe(upgrades > 0 ? 1 : 0);
    });

    it('end with rings that run full: what is lost is counted exactly, and refused all the same', (context) => {
      if (upgrades === 0) context.skip('without --upgrades the rings are filled on 6.12 only');
      const { flooded, reported, lost } = found;
      expect(flooded).toMatchObject({ ran: 0, refused: 1300, killed: 0, failed: 0 });
      expect(reported).toMatchObject({ ran: 1300, refused: 0, killed: 0, failed: 0 });
      expect(lost.verdicts).toBeGreaterThan(0);
      expect(lost.reports).toBeGreaterThan(0);
      expect(flooded.told + lost.verdicts).toBe(1300);
      expect(reported.told + lost.reports).toBe(1300);
    });
  });
});
