import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadPolicies, readPolicyFiles } from '../../../src/policy/index.js';

function lint(expression: string, macros = '') {
  const text = `${macros}rules:\n  - id: one\n    expression: |-\n      ${expression}\n`;
  return loadPolicies([{ file: 'test.policy', text }], { lints: 'report' });
}

/** Each line: an expression and the code of the one lint it has. */
const doubtful: readonly (readonly [string, string])[] = [
  ['exec.pid == 1 && exec.pid == 2', 'never-holds'],
  ['exec.file.name == "a" && process.file.name == "b"', 'never-holds'],
  ['exec.file.name in ["a", "b"] && exec.file.name not in ["b", "a"]', 'never-holds'],
  ['exec.file.name == "a" && exec.file.name =~ "b*"', 'never-holds'],
  ['exec.uid > 10 && exec.uid < 10', 'never-holds'],
  ['exec.uid < 0', 'never-holds'],
  ['exec.uid in [1, 2] && exec.uid > 2', 'never-holds'],
  ['exec.args_truncated && !exec.args_truncated', 'never-holds'],
  ['exec.pid == 1 && false', 'never-holds'],
  ['(exec.pid == 1 && exec.pid == 2) || (exec.uid == 1 && exec.uid != 1)', 'never-holds'],
  ['exec.file.name != "a" || exec.file.name != "b"', 'always-holds'],
  ['exec.file.name == "a" || exec.file.name != "a"', 'always-holds'],
  ['exec.file.path =~ "**"', 'always-holds'],
  ['exec.args =~ "*"', 'always-holds'],
  ['exec.args =~ r".*"', 'always-holds'],
  ['exec.file.name != ""', 'always-holds'],
  ['exec.uid >= 0', 'always-holds'],
  ['exec.pid == 1 || true', 'always-holds'],
  ['exec.file.name == "x" && container.id == ""', 'empty-container-id'],
  ['exec.file.name == "x" && process.container.id == ""', 'empty-container-id'],
  ['exec.args_flags == "o"', 'short-option-alone'],
  ['exec.args_flags in ["o", "donate-level"]', 'short-option-alone'],
  ['exec.file.name == "x" || exec.args_options in [~"o=*"]', 'short-option-alone'],
  ['exec.file.name == "xmrig*"', 'star-in-string'],
  ['exec.file.name in ["xmrig*", "minerd"]', 'star-in-string'],
  ['exec.file.name =~ "xmrig?"', 'foreign-pattern'],
  ['exec.file.name in [~"ld-[0-9]*"]', 'foreign-pattern'],
  ['exec.file.name in [~"{xmrig,minerd}"]', 'foreign-pattern'],
  ['exec.args =~ ".*stratum.*"', 'foreign-pattern'],
  ['exec.file.name =~ "^xmrig*"', 'foreign-pattern'],
  ['exec.file.name =~ "(xmrig|minerd)*"', 'foreign-pattern'],
  ['exec.file.name == "/usr/bin/passwd"', 'name-with-slash'],
  ['exec.comm == "systemd-resolved"', 'comm-too-long'],
  ['exec.args_flags == "--donate-level"', 'flag-with-dash'],
  ['exec.args_flags == "donate-level=1"', 'flag-with-value'],
  ['exec.args_options == "--pool=x"', 'option-without-value'],
  ['exec.args_options == "pool"', 'option-without-value'],
  ['exec.envs == "LD_PRELOAD=/tmp/x.so"', 'env-with-value'],
  ['exec.envs == "$HOME"', 'env-with-dollar'],
  ['exec.argv == "-o pool:3333"', 'two-arguments'],
];

test.each(doubtful)('%s: %s', (expression, code) => {
  const { diagnostics, rules } = lint(expression);
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  expect(diagnostics[0]).toMatchObject({ severity: 'warning', rule: 'one', line: 4 });
  expect(diagnostics[0]?.help).toBeTruthy();
  expect(rules).toHaveLength(1);
});

test.each([
  'exec.argv == "a" && exec.argv == "b"',
  'exec.argv != "a" || exec.argv != "b"',
  'exec.argv in [~"*"]',
  'exec.uid == 1 && process.ancestors.pid == 1 && process.ancestors.pid == 2',
  'exec.uid == 1 && process.ancestors[A].file.name == "a" && process.ancestors[A].pid == 2',
  'exec.file.name in ["a", "b"] && exec.file.name != "a"',
  'exec.file.name =~ "a*" && exec.file.name =~ "*b"',
  'exec.uid >= 10 && exec.uid <= 10',
  'exec.uid != 10 || exec.gid != 10',
  'exec.file.name not in ["a"] && exec.file.name not in ["b"]',
  'exec.interpreter.file.path != ""',
  'exec.file.name == "x" && container.id != ""',
  'exec.file.name == "x" && container.id in [""]',
  'exec.args_flags == "o" && exec.file.name == "nc"',
  'exec.args_flags != "o"',
  'exec.args_options in ["a=kawpow", ~"a=rx/*"]',
  'exec.file.name in [~".*"] || exec.file.path in [~"/**/.*/*"]',
  'exec.argv0 =~ "[kworker*"',
  'exec.argv0 =~ "[kworker*]"',
  'exec.args =~ "*?id=*"',
  'exec.file.name =~ "lib*.so.*"',
  'exec.args == "* * * * * /tmp/x"',
  'exec.argv == "*"',
  'exec.args =~ r"[a-z]+(x|y).*"',
  'exec.comm == "systemd-resolve"',
  'exec.envp == "LD_PRELOAD=/tmp/x.so"',
  'exec.argv == "-c"',
  'exec.args_options in [~"*=stratum*"]',
])('nothing to say about %s', (expression) => {
  expect(lint(expression).diagnostics.map(({ code, message }) => [code, message])).toEqual([]);
});

test('a lint points at the literal', () => {
  const { diagnostics } = lint('exec.pid == 1 && exec.file.name == "xmrig*"');
  expect(diagnostics[0]).toMatchObject({ line: 4, column: 42, endColumn: 50 });
});

test('macros: their strings are looked at where they are written', () => {
  const macros = `macros:\n  - id: FIRST\n    values: ["xmrig*"]\n  - id: SECOND\n    expression: '["minerd*", ~"[a-z]*"]'\n`;
  const { diagnostics } = lint('exec.file.name in FIRST || exec.file.name in SECOND', macros);
  expect(diagnostics.map(({ code, line, rule }) => [code, line, rule])).toEqual([
    ['star-in-string', 3, 'FIRST'],
    ['star-in-string', 5, 'SECOND'],
    ['foreign-pattern', 5, 'SECOND'],
  ]);
});

test('the allowlist that is silent about containers is told so', () => {
  const { diagnostics } = lint('exec.file.name not in ["vault"] && container.id == ""');
  expect(diagnostics[0]?.message).toContain('this allowlist says nothing about containers');
});

test('nothing is linted unless it is asked for', () => {
  for (const [expression] of doubtful) {
    const text = `rules:\n  - id: one\n    expression: '${expression}'\n`;
    expect(loadPolicies([{ file: 'test.policy', text }]).diagnostics).toEqual([]);
  }
});

test('the shipped policies have no lint', async () => {
  const { diagnostics } = loadPolicies(await readPolicyFiles(['policies']), { lints: 'report' });
  expect(diagnostics).toEqual([]);
});

test('every code is in the documentation', async () => {
  const documentation = await readFile('docs/policies.md', 'utf8');
  for (const code of new Set(doubtful.map(([, each]) => each))) expect(documentation).toContain(`\`${code}\``);
});
