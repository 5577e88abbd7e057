// Generated policies: the kinds of rule that people write, in the proportions of a policy of hundreds of rules.

const kinds = [
  (n) => `exec.file.name in ["tool-${n}", "${n}-helper", ~"svc${n}-*"]`,
  (n) => `exec.args =~ "*--endpoint=host${n}.example*" && exec.file.name != "curl"`,
  (n) => `exec.file.path == "/opt/vendor/${n}/bin/run" && exec.uid == 0`,
  (n) => `exec.args_flags in ["option-${n}", "other-${n}"]`,
  (n) => `exec.file.path =~ "/srv/*/releases/${n}/**"`,
  (n) => `exec.args_options == "mode=level${n}" || exec.envs == "VENDOR_${n}"`,
  (n) => `exec.args in [~"*alpha${n}*beta*", ~"*gamma${n}*"] && exec.uid > ${n % 1000}`,
  (n) => `exec.comm == "worker${n % 10000}" && exec.argv == "start-${n}"`,
  (n) => `exec.file.name not in ["a${n}", "b${n}"] && exec.file.path =~ "/var/lib/jobs/${n}/*"`,
  (n) => `exec.args =~ r"id=${n}[0-9a-f]{4}x"`,
];

/** A policy of `count` rules as text. Every tenth has a regular expression up to 300 rules; beyond, regular expressions stay 30. */
export function policyOf(count) {
  const lines = ['version: 1.0.0', 'mode: monitor', 'rules:'];
  for (let n = 0; n < count; n++) {
    const kind = n % kinds.length === kinds.length - 1 && n >= 300 ? 0 : n % kinds.length;
    const glob = kind === 4 && n >= 600 ? 2 : kind;
    lines.push(`  - id: rule_${n}`, `    description: generated rule ${n}`, `    expression: '${kinds[glob](n)}'`);
    lines.push('    actions:', '      - deny: {}');
  }
  return `${lines.join('\n')}\n`;
}
