// Distributed policies on real kernels: a good one comes into force, one that would stop shells never leaves its trial.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { guestPath, librariesOf } from '../../scripts/lib/shared-libraries.mjs';
import { onEachKernel, runInGuest } from './guest.js';

describe('an agent that follows a repository', () => {
  onEachKernel((kernel) => {
    const findings = new Map<string, Record<string, unknown>>();

    beforeAll(async () => {
      const { stdout, status, output } = await runInGuest({
        kernel,
        command: ['node', '/share/guest.mjs'],
        files: { '/share/guest.mjs': fileURLToPath(new URL('rollout/guest.mjs', import.meta.url)), ...(await nginx()) },
      });
      expect(status, output).toBe(0);
      for (const line of stdout.trim().split('\n')) {
        if (!line.startsWith('{"finding"')) continue;
        const { finding, ...what } = JSON.parse(line) as { finding: string };
        findings.set(finding, what);
      }
    });

    it('is needed: without it everything runs', () => {
      expect(findings.get('before')).toEqual({ first: 'ran', shell: 'shells work' });
    });

    it('has the best tier', () => {
      expect(findings.get('tier')).toEqual({ tier: 'lsm', cannot: [], refused: [] });
    });

    it('enforces what was published, and the next release within a poll and its bake time', () => {
      expect(findings.get('good')).toMatchObject({ first: 'refused', second: 'ran', shell: 'shells work' });
      expect(findings.get('next')).toMatchObject({ first: 'ran', second: 'refused' });
      expect(findings.get('next')?.seconds).toBeLessThan(60);
    });

    it('never enforces what would stop shells, and says why', () => {
      const { during, after, second, established, names, reason } = findings.get('bad')!;
      expect(during).toEqual(Array(5).fill('shells work'));
      expect([after, second]).toEqual(['shells work', 'refused']);
      expect(established).toBeGreaterThan(0);
      expect(String(names)).toMatch(/sh|busybox/);
      expect(reason).toBe('acts-on-established');
    });

    it('goes back to an earlier release under a higher version', () => {
      expect(findings.get('rollback')).toMatchObject({ first: 'refused', second: 'ran', same: true });
      expect(findings.get('rollback')?.version).toBeGreaterThan(4);
    });

    it('ends with nothing lost', () => {
      expect(findings.get('end')).toMatchObject({ status: 0 });
    });
  });
});

/** Debian's nginx with its libraries, where this host has it; otherwise the guest serves by itself. */
async function nginx(): Promise<Record<string, string>> {
  try {
    const program = process.env.PORTCULLIS_NGINX ?? execFileSync('which', ['nginx'], { encoding: 'utf8' }).trim();
    const libraries = await librariesOf([program]);
    return {
      '/share/nginx': program,
      ...Object.fromEntries(libraries.map((library) => [guestPath(library), library])),
    };
  } catch {
    return {};
  }
}
