/** The policies of catalogue.test.ts. */
import type { RuleId } from './tricks.js';

const expressions: Readonly<Record<RuleId, string>> = {
  pool_url: 'exec.args =~ "*stratum+tcp*"',
  name: 'exec.file.name == "xmrig-stand-in"',
  place: 'exec.file.path =~ "/tmp/vm/denied/**"',
  memory: 'exec.file.name =~ "memfd:xmrig*"',
};

function policyOf(rules: Readonly<Record<string, string>>): string {
  const texts = Object.entries(rules).map(
    ([id, expression]) => `  - id: ${id}\n    expression: '${expression}'\n    actions:\n      - deny: {}\n`,
  );
  return `version: 1.0.0\nmode: enforce\nrules:\n${texts.join('')}`;
}

export const policy = policyOf(expressions);

/** The same and a rule that nothing here meets, so that to load it is a swap. */
export const largerPolicy = policyOf({ ...expressions, other: 'exec.args =~ "*nothing-here-says-this*"' });
