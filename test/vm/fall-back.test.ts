// Where bpf is no active LSM, the agent takes the next tier, says why, and says what it cannot do where it cannot.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Findings, type LogLine } from './enforce/run.js';
import { onEachKernel, runInGuest } from './guest.js';

const script = `
. /share/agent.sh
cp /usr/lib/portcullis/programs/stand-in /tmp/xmrig
start_agent
section shipped
/tmp/xmrig
echo $?
stop_agent
section log
cat "$AGENT_LOG"
section asked
portcullis run --tier lsm --listen 127.0.0.1:0 > /dev/null 2> /tmp/why
echo $?
cat /tmp/why
`;

describe('without bpf among the security modules', () => {
  onEachKernel((kernel) => {
    it('takes the next tier and says why; what is shipped only reports', async () => {
      const { stdout } = await runInGuest({
        kernel,
        cmdline: 'lsm=lockdown,capability',
        command: ['sh', '-c', script],
        files: { '/share/agent.sh': fileURLToPath(new URL('../../scripts/demo/agent.sh', import.meta.url)) },
      });
      const findings = new Findings(stdout);
      expect(findings.lines('shipped')).toEqual(['a harmless stand-in ran', '0']);

      const log = findings.lines('log').map((line) => JSON.parse(line) as LogLine);
      const [first] = log;
      expect(first).toMatchObject({ msg: 'tier', tier: 'fmod_ret', refused: [{ tier: 'lsm' }] });
      expect(JSON.stringify(first!.refused)).toContain('bpf is not an active LSM (lockdown,capability');
      expect(log.find(({ msg }) => msg === 'event')).toMatchObject({
        agent: { rule_id: 'cryptominer_name', rule_actions: [{ type: 'deny', status: 'monitor' }] },
        portcullis: { verdict: 'report', mode: 'monitor' },
      });

      const [status, ...why] = findings.lines('asked');
      expect(status).toBe('1');
      expect(why.join('\n')).toContain('bpf is not an active LSM');
    });
  });
});
