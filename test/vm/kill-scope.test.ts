// A container that runs a fork bomb, and a rule that ends the container for one exec in it: the kernel kills that exec, the
// agent everything else, and nothing outside.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import { onEachKernel, runInGuest } from './guest.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const policy = `version: 1.0.0
mode: enforce
rules:
  - id: trigger
    expression: exec.file.path == "/tmp/vm/trigger"
    actions: [{kill: {signal: SIGKILL, scope: container}}]
`;

describe('a kill of a whole container', () => {
  onEachKernel((kernel) => {
    let sections: ReadonlyMap<string, string>;
    let event: EventJson | undefined;

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'portcullis-kill-scope-'));
      try {
        await writeFile(join(folder, 'test.policy'), policy);
        const { stdout, output, status } = await runInGuest({
          kernel,
          command: ['sh', '/share/guest.sh'],
          files: {
            '/share/guest.sh': here('kill-scope/guest.sh'),
            '/share/agent.sh': here('../../scripts/demo/agent.sh'),
            '/share/test.policy': join(folder, 'test.policy'),
          },
        });
        expect(status, output).toBe(0);
        sections = new Map(
          stdout
            .split(/^== /m)
            .slice(1)
            .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
        );
      } finally {
        await rm(folder, { recursive: true });
      }
      event = sections
        .get('log')!
        .split('\n')
        .filter((line) => line.includes('"msg":"event"'))
        .map((line) => JSON.parse(line) as EventJson)[0];
    });

    it('meets a container full of processes that fork', () => {
      expect(Number(sections.get('full'))).toBeGreaterThan(30);
    });

    it('kills the exec before its first instruction', () => {
      expect(sections.get('trigger')).toBe('status 137\n');
    });

    it('ends everything in the container and nothing beside it', () => {
      expect(sections.get('after')).toBe('0\nthe bystander lives\n');
    });

    it('says what was stopped and how soon', () => {
      const [action] = event!.agent.rule_actions;
      expect(action).toMatchObject({
        type: 'kill',
        scope: 'container',
        status: 'performed',
        stopped: { by: 'cgroup.kill' },
      });
      expect(action!.stopped!.cgroup).toMatch(/^\/docker\/[0-9a-f]{64}$/);
      expect(action!.stopped!.processes).toBeGreaterThan(30);
      expect(action!.stopped!.struck_ns).toBeLessThanOrEqual(action!.stopped!.ended_ns!);
      console.info(
        `${kernel}: ${action!.stopped!.processes} processes, struck after ${action!.stopped!.struck_ns! / 1e6} ms, ended after ${action!.stopped!.ended_ns! / 1e6} ms`,
      );
    });

    it('has nothing to end when they are gone', () => {
      expect(sections.get('again')).toBe('status 137\n');
    });
  });
});
