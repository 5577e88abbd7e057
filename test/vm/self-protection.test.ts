// What root may try against an agent that protects itself, on real kernels: in the same machine each try first succeeds against one that does
// not, then fails and is told; and what is not the agent's is as it was.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { onEachKernel, runInGuest } from './guest.js';

/** What became of tries, by their names: "ok" or the name of an error; a number is the exit status of a tool. */
type Outcomes = Readonly<Record<string, unknown>>;

interface Findings {
  readonly unprotected: Outcomes & { readonly unrelated: Outcomes };
  readonly protected: Outcomes & { readonly unrelated: Outcomes };
  readonly alive: boolean;
  readonly hooks: readonly string[];
  readonly line: Record<string, unknown>;
  readonly metrics: readonly string[];
  readonly reload: string;
  readonly unlocked: Record<string, string>;
  readonly modes: Record<'monitor' | 'enforce', { trace: string; pins: boolean; runs: string }>;
  readonly left: Outcomes;
  readonly impostor: { ready: boolean; runs: string; pins: readonly string[] };
  readonly successor: Record<string, unknown>;
  readonly after: { pins: readonly string[]; runs: string; list: string; last: string };
  readonly errors: readonly string[];
}

/** Tries and what they come to. Of a signal by a file its sender is told of no error: that the agent lives on says it. */
const refused: Outcomes = {
  'signal-kill': 'EPERM',
  'signal-terminate': 'EPERM',
  'signal-interrupt': 'EPERM',
  'signal-user': 'EPERM',
  'signal-stop': 'EPERM',
  'signal-by-pidfd': 'EPERM',
  'signal-by-file': 'ok',
  attach: 'EPERM',
  seize: 'EPERM',
  'read-memory': 'EPERM',
  'write-memory': 'EPERM',
  'memory-file': 'EACCES',
  'take-descriptor': 'EPERM',
  limit: 'EPERM',
  renice: 'EPERM',
  'pin-down': 'EPERM',
  'open-pin-of-map': 'ENOENT',
  'rename-pin': 'EPERM',
  'rename-away': 'EPERM',
  'rename-directory': 'EPERM',
  'remove-pin': 'EPERM',
  'remove-pins': 1,
  'make-directory': 'EPERM',
  'make-link': 'EPERM',
  'mount-over-pins': 'EPERM',
  'mount-over-file-system': 'EPERM',
  'bind-over-pins': 'EPERM',
  'move-mount': 'EPERM',
  unmount: 'EPERM',
  'freeze-group': 'EPERM',
  'freeze-group-above': 'EPERM',
  'kill-group': 'EPERM',
};

describe('self-protection', () => {
  onEachKernel((kernel) => {
    let found: Findings;

    beforeAll(async () => {
      const { stdout, status, output } = await runInGuest({
        kernel,
        command: ['node', '/share/guest.mjs'],
        files: { '/share/guest.mjs': fileURLToPath(new URL('self-protection/guest.mjs', import.meta.url)) },
        timeout: 400,
      });
      expect(status, output).toBe(0);
      found = JSON.parse(stdout.trim().split('\n').at(-1)!) as Findings;
    }, 420_000);

    it.each(Object.keys(refused))('%s: succeeds without it', (name) => {
      expect(found.unprotected[name]).toBe(name === 'remove-pins' ? 0 : 'ok');
    });

    it.each(Object.entries(refused))('%s: comes to %s with it', (name, outcome) => {
      expect(found.protected[name]).toBe(outcome);
    });

    it('the agent lives on, also where a directory is not empty, a mount lies above or its control group is another', () => {
      const {
        'remove-directory': directory,
        'unmount-above': above,
        'kill-other-group-of-agent': group,
      } = found.protected;
      expect([directory, above, group, found.alive]).toEqual(['EPERM', 'EPERM', 'EPERM', true]);
    });

    it('lists of maps and programs go on past those of the agent', () => {
      expect(found.unprotected['list-maps']).toMatch(/^ok \(\d+ opened, 0 hidden\)$/);
      for (const list of ['list-maps', 'list-programs'])
        expect(found.protected[list]).toMatch(/^ok \(\d+ opened, [1-9]\d* hidden\)$/);
    });

    it('every try is told, by hook, with who tried', () => {
      expect(found.hooks).toEqual([
        'bpf_map',
        'bpf_prog',
        'file_open',
        'file_send_sigiotask',
        'inode_mkdir',
        'inode_rename',
        'inode_rmdir',
        'inode_symlink',
        'inode_unlink',
        'move_mount',
        'ptrace_access_check',
        'sb_mount',
        'sb_umount',
        'task_kill',
        'task_setnice',
        'task_setrlimit',
        'task_setscheduler',
      ]);
      expect(found.line).toMatchObject({ level: 'warn', outcome: 'refused', detail: 9, uid: 0, comm: 'tamper' });
      expect(found.metrics).toContain('portcullis_self_protection 1');
      expect(found.metrics.filter((line) => line.startsWith('portcullis_tamper_total{'))).toHaveLength(
        found.hooks.length,
      );
    });

    it('what is not the agent’s is as without it', () => {
      expect(found.protected.unrelated).toEqual(found.unprotected.unrelated);
      expect(
        Object.values(found.protected.unrelated).filter((outcome) => !['ok', 0, true].includes(outcome as string)),
      ).toEqual([]);
    });

    it('a reload is not refused, and an operator unlocks and locks again', () => {
      expect(found.reload).toBe('ok');
      expect(found.unlocked).toMatchObject({ attach: 'ok', stop: 'ok', continue: 'ok', pin: 'ok', locked: 'EPERM' });
      expect(found.unlocked.again).toBe('on');
      expect(found.unlocked.said).toMatch(/^Unlocked for \d+ s/);
      expect(found.unlocked.by).toMatch(/^portcullis \(pid \d+, uid 0\)$/);
    });

    it('it goes with the last rule that enforces, and comes back with the next', () => {
      expect(found.modes.monitor).toEqual({ trace: 'ok', pins: false, runs: 'ran' });
      expect(found.modes.enforce).toEqual({ trace: 'EPERM', pins: true, runs: 'EPERM' });
    });

    it('the first process ends the agent, and what it left is as protected', () => {
      expect(found.left).toEqual({
        runs: 'EPERM',
        remove: 'EPERM',
        unmount: 'EPERM',
        'make-directory': 'EPERM',
        'open-pin': 'ENOENT',
      });
    });

    it('who daemonises in the control group of the unit is not taken for its successor', () => {
      expect(found.impostor).toMatchObject({ ready: false, runs: 'EPERM' });
      expect(found.impostor.pins).toContain('self');
      expect(found.errors).toEqual([expect.stringContaining('is protected by the agent that made it')]);
    });

    it('the one that the first process starts goes on, and tells what was tried meanwhile', () => {
      expect(found.successor).toMatchObject({ adopted: true, kill: 'EPERM', pin: 'ENOENT', runs: 'EPERM' });
      expect(found.successor.list).toMatch(/^ok \(0 opened/);
      expect(found.successor.told).toBeGreaterThan(2);
    });

    it('stopped by the first process, it leaves nothing', () => {
      expect(found.after).toMatchObject({ pins: [], runs: 'ran', last: 'stopped' });
      expect(found.after.list).toMatch(/ 0 hidden\)$/);
    });
  });
});
