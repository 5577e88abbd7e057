// A session over real kernels: execs that stage 2 did not see, images that outgrow their slots, swaps while programs start, and for what its reader
// is woken.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { onEachKernel, runInGuest } from './guest.js';

describe('a session', () => {
  onEachKernel((kernel) => {
    const findings = new Map<string, Record<string, unknown>>();

    beforeAll(async () => {
      const { stdout, status, output } = await runInGuest({
        kernel,
        command: ['node', '/share/guest.mjs', ...(kernel === '6.12' ? ['waits'] : [])],
        files: { '/share/guest.mjs': fileURLToPath(new URL('session/guest.mjs', import.meta.url)) },
      });
      expect(status, output).toBe(0);
      for (const line of stdout.trim().split('\n')) {
        const { finding, ...what } = JSON.parse(line) as { finding: string };
        findings.set(finding, what);
      }
    });

    it('is needed: without it the marked exec runs', () => {
      expect(findings.get('before')).toEqual({ outcome: 'ran' });
    });

    it('says that an exec was not seen, and lets it run when told to report', () => {
      expect(findings.get('unseen-report')).toEqual({
        outcome: 'ran',
        records: [{ stage: 'unseen', verdict: 'unseen' }],
      });
    });

    it('kills an exec that was not seen when told to enforce', () => {
      expect(findings.get('unseen-enforce')).toEqual({
        outcome: 'SIGKILL',
        records: [{ stage: 'unseen', verdict: 'unseen' }],
      });
    });

    // Up to 6.1 what a BPF program asks for is charged whatever the limit, so there is always memory.
    const charged = kernel === '6.1';

    it('tells of an exec that the kernel had no memory to remember, and lets it run when told to report', () => {
      const { other, marked, told, unseen, full } = findings.get('without-memory-report')!;
      expect({ other, marked, full }).toEqual({ other: 'ran', marked: charged ? 'refused' : 'ran', full: !charged });
      expect(told).toBe(unseen);
      expect(Number(unseen) >= 2).toBe(!charged);
    });

    it('kills an exec that the kernel had no memory to remember when told to enforce', () => {
      const { other, marked, told, unseen, full } = findings.get('without-memory-enforce')!;
      const killed = { other: 'SIGKILL', marked: 'SIGKILL', full: true };
      expect({ other, marked, full }).toEqual(charged ? { other: 'ran', marked: 'refused', full: false } : killed);
      expect(told).toBe(unseen);
      expect(Number(unseen) >= 2).toBe(!charged);
    });

    it('asks for the effective id that the program gets, not for the one that its caller had', ({ task }) => {
      const { without, under, control } = findings.get('ids')!;
      const ran = (outcome: unknown) => (outcome === 'ran' ? 1 : 0);
      task.meta.catalogue = { id: 'given-back-id', kernel, without: ran(without), controls: ran(control) };
      expect({ without, under, control }).toEqual({ without: 'ran', under: 'killed', control: 'ran' });
    });

    it('takes an image that outgrows its slots', () => {
      expect(findings.get('grown')).toEqual({ before: 'refused', after: 'refused', control: 'ran', generation: 2 });
    });

    it('decides every exec during swaps', () => {
      expect(findings.get('swapped')).toEqual({
        outcomes: { marked: { refused: 60 }, other: { ran: 60 } },
        refused: 62,
        unseen: 0,
        noMemory: 0,
      });
    });

    it.skipIf(kernel !== '6.12')(
      'is told of what somebody waits for, also behind an exec that nobody waits for',
      () => {
        const { quiet, told, exit } = findings.get('waits') as Record<string, number>;
        // the reader's own look comes a quarter of a second after its last one
        expect(quiet).toBeGreaterThan(100);
        expect(told).toBeLessThan(quiet! / 2);
        expect(exit).toBeLessThan(quiet! / 2);
      },
    );

    it('leaves nothing behind', () => {
      expect(findings.get('closed')).toEqual({ outcome: 'ran' });
    });
  });
});
