/** The policies of enforce.test.ts. */
import type { RuleId } from './cases.js';

interface RuleText {
  readonly expression: string;
  readonly action?: string;
  readonly mode?: 'monitor';
}

const rules: Readonly<Record<RuleId, RuleText>> = {
  pool_url: { expression: 'exec.args =~ "*stratum+tcp*"' },
  name: { expression: 'exec.file.name in ["xmrig-stand-in", "bad-interpreter"]' },
  path: { expression: 'exec.file.path =~ "/tmp/vm/denied/**"' },
  memory: { expression: 'exec.file.name =~ "memfd:xmrig*"' },
  argv0: { expression: 'exec.argv0 == "[forged]"' },
  environment: { expression: 'exec.envs == "PORTCULLIS_TEST_POOL"' },
  interpreter: { expression: 'exec.file.name == "script" && exec.interpreter.file.path == "/tmp/vm/bin/worker"' },
  kill: { expression: 'exec.argv in ["--kill"]', action: 'kill: {signal: SIGKILL}' },
  terminate: { expression: 'exec.argv in ["--terminate"]', action: 'kill: {signal: SIGTERM}' },
  watch: { expression: 'exec.argv in ["--watch"]', mode: 'monitor' },
};

function policyOf(list: Readonly<Record<string, RuleText>>): string {
  const texts = Object.entries(list).map(([id, { expression, action = 'deny: {}', mode = 'enforce' }]) =>
    [
      `  - id: ${id}`,
      `    expression: '${expression}'`,
      `    mode: ${mode}`,
      '    actions:',
      `      - ${action}`,
      '',
    ].join('\n'),
  );
  return `version: 1.0.0\nrules:\n${texts.join('')}`;
}

export const firstPolicy = policyOf(rules);

/** Without `pool_url`, and with a rule of its own. */
export const secondPolicy = policyOf({ new: { expression: 'exec.argv in ["--new"]' } });
