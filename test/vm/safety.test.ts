// What keeps a rule from harm, on real kernels: each mechanism where it must act and where it must not, and every way back from a policy
// that denies everything.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { onEachKernel, runInGuest } from './guest.js';

describe('safety', () => {
  onEachKernel((kernel) => {
    const findings = new Map<string, Record<string, unknown>>();

    beforeAll(async () => {
      const { stdout, status, output } = await runInGuest({
        kernel,
        command: ['node', '/share/guest.mjs'],
        timeout: 600,
        files: { '/share/guest.mjs': fileURLToPath(new URL('safety/guest.mjs', import.meta.url)) },
      });
      expect(status, output).toBe(0);
      for (const line of stdout.split('\n').filter((text) => text.startsWith('{"finding"'))) {
        const { finding, ...what } = JSON.parse(line) as { finding: string };
        findings.set(finding, what);
      }
    }, 600_000);

    it('is needed: a policy that denies everything is enforced', () => {
      expect(findings.get('everything is denied')).toEqual({ before: 'ran', other: 'refused', self: 'refused' });
    });

    it('spares a protected file by its inode, and not another file with the same bytes', () => {
      expect(findings.get('protected')).toEqual({ file: 'ran', hardLink: 'ran', sameBytes: 'refused' });
    });

    it('spares a shell that a login starts, and no other', () => {
      expect(findings.get('shell')).toEqual({ byLogin: 'ran', byOther: 'refused', byRule: 'refused' });
    });

    it('follows a package upgrade to the new file, and leaves the old one', () => {
      expect(findings.get('upgrade')).toEqual({ new: 'ran', old: 'refused' });
    });

    it('is switched off and on by the protected command line', () => {
      expect(findings.get('off and on')).toEqual({ off: 0, whileOff: 'ran', on: 0, afterwards: 'refused' });
    });

    it('puts a rule into monitor and back without a reload, and says who asked', () => {
      expect(findings.get('rule')).toEqual({
        ...{ monitor: 0, inMonitor: 'ran', enforce: 0, inEnforce: 'refused', mode: 'monitor' },
        by: expect.stringMatching(/pid \d+, uid 0\)$/),
      });
    });

    it('gives the host back when the agent is told to end', () => {
      expect(findings.get('terminated')).toEqual({ status: 0, afterwards: 'ran' });
    });

    it('takes a rule that would stop the shell for everybody for a mistake, and fifty new files for an attack', () => {
      expect(findings.get('breaker')).toEqual({
        before: 'ran',
        outcomes: ['refused', 'refused', 'ran', 'ran', 'ran'],
        newFiles: { refused: 50, ran: 0 },
        trippedByNewFiles: [],
        tripped: [{ rule: 'bad', executables: expect.any(Number) }],
        line: { rule: 'bad', level: 'error', limit: 2, stopped: true },
      });
    });

    it('acts in the canary cgroup and below it alone, and nowhere while there is none', () => {
      expect(findings.get('canary')).toEqual({
        missing: { outside: 'ran', level: 'error' },
        ...{ outside: 'ran', other: 'ran', inside: 'status 126', below: 'status 126' },
      });
    });

    it('does not start with the boot parameter', async () => {
      const { status, stdout } = await runInGuest({
        kernel,
        command: ['portcullis', 'run'],
        cmdline: 'portcullis=off',
      });
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('booted with portcullis=off') });
    });
  });
});
