// What an operator does to a running agent over the control socket, and what the kernel does then.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import type { StatusReport } from '../../src/telemetry/control/reports.js';
import { onEachKernel, runInGuest } from './guest.js';
import { sectionsOf } from './sections.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const refused = ['status 126'];
const ran = ['status 0'];

describe('an operator', () => {
  onEachKernel((kernel) => {
    let sections: ReadonlyMap<string, readonly string[]>;

    beforeAll(async () => {
      const { stdout, output, status } = await runInGuest({
        kernel,
        command: ['sh', '/share/guest.sh'],
        files: {
          '/share/guest.sh': here('control/guest.sh'),
          '/share/agent.sh': here('../../scripts/demo/agent.sh'),
          '/share/test.policy': here('control/test.policy'),
        },
      });
      expect(status, output).toBe(0);
      sections = sectionsOf(stdout);
    });

    it('is told that no agent runs, and what to do', () => {
      expect(sections.get('without an agent')!.join(' ')).toMatch(/not running.*systemctl start.* status 3$/);
    });

    it('switches enforcement off and on', () => {
      expect(sections.get('before')).toEqual(ran);
      expect(sections.get('enforced')).toEqual(refused);
      expect(sections.get('off')!.at(-1)).toBe('status 0');
      expect(sections.get('switched off')).toEqual(ran);
      expect(sections.get('on')!.at(-1)).toBe('status 0');
      expect(sections.get('switched on')).toEqual(refused);
    });

    it('switches a rule to monitor, over a reload, and gives it back', () => {
      expect(sections.get('in monitor')).toEqual(ran);
      expect(sections.get('in monitor after a reload')).toEqual(ran);
      expect(sections.get('policy')).toEqual(['The rule deny_miner is in mode enforce.', 'status 0']);
      expect(sections.get('given back')).toEqual(refused);
    });

    it('is told of a rule that is not there', () => {
      const [sentence, status] = sections.get('no such rule')!;
      expect(sentence).toContain('did you mean `deny_miner`?');
      expect(status).toBe('status 1');
    });

    it('reads what was decided', () => {
      const events = sections
        .get('events')!
        .slice(0, -1)
        .map((line) => JSON.parse(line) as EventJson);
      const own = events.filter(({ agent }) => agent.rule_id === 'deny_miner');
      expect(own.map(({ portcullis }) => `${portcullis.verdict} ${portcullis.mode}`)).toEqual([
        'refuse enforce',
        'refuse enforce',
        'report monitor',
        'report monitor',
        'refuse enforce',
      ]);
    });

    it('sees the agent among the processes, and who asked in the log', () => {
      expect(sections.get('processes')!.join('\n')).toMatch(/\/node/);
      const log = sections.get('log')!.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const code of ['switched-off', 'switched-on', 'rule-mode']) {
        expect(log.find(({ msg }) => msg === code)).toMatchObject({ by: expect.stringMatching(/pid \d+, uid 0\)$/) });
      }
    });

    it('reads the state of it all', () => {
      const report = JSON.parse(sections.get('status')![0]!) as StatusReport;
      expect(report).toMatchObject({
        phase: 'ready',
        tier: { name: 'lsm', cannot: [] },
        enforcement: { is: 'on' },
        rules: [{ id: 'deny_miner', mode: 'enforce', policyMode: 'enforce', matches: 5 }],
        verdicts: { refuse: 3, report: 2 },
        lost: { verdicts: 0, reports: 0, malformed: 0 },
      });
      console.info(`${kernel}: ${Math.round(report.memory.residentBytes / 1e6)} MB resident`);
    });
  });
});
