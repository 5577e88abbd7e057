import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/compiler/index.js';
import { formatPolicy, loadPolicies, readPolicyFiles } from '../../src/policy/index.js';

function format(text: string): string {
  const formatted = formatPolicy('test.policy', text);
  if (formatted.outcome === 'refused') throw new Error(JSON.stringify(formatted.diagnostics));
  return formatted.text;
}

/** What a policy means: its image, and its rules without their places and the layout of their texts. */
function meaning(text: string): unknown {
  const ruleset = loadPolicies([{ file: 'test.policy', text }]);
  const bare = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, item: unknown) => {
        if (
          ['start', 'end', 'position', 'source', 'line', 'column', 'endColumn', 'excerpt', 'help', 'message'].includes(
            key,
          )
        ) {
          return undefined;
        }
        return typeof item === 'bigint' ? `${item}n` : item;
      }),
    );
  const diagnostics = ruleset.diagnostics.map(({ code, rule }) => `${code} ${rule}`).sort();
  return { hash: compile(ruleset).hash, rules: bare(ruleset.rules), diagnostics };
}

const comments = (text: string) =>
  text
    .match(/#[^\n"]*/g)
    ?.map((comment) => comment.trim())
    .sort() ?? [];

test('one layout', () => {
  const text = `# a policy
version: "1.0"
rules:
- expression:   exec.uid==0 and not(exec.gid   == 0755)   # who
  id: one


# why
- id: two   # two
  description: >
    a long
    description
  actions: [ {deny: {}} ]
  expression: >-
    exec.file.name in ["a",
    ~"b*"]
  unknown: 0x10
- id: three
  expression: '~"x*" in exec.argv'
`;
  expect(format(text)).toBe(
    `# a policy
version: "1.0"
rules:
  - id: one
    expression: exec.uid == 0 && !(exec.gid == 0755) # who

  # why
  - id: two # two
    description: >
      a long description
    expression: exec.file.name in ["a", ~"b*"]
    actions: [{deny: {}}]
    unknown: 0x10
  - id: three
    expression: ~"x*" in exec.argv
`,
  );
});

test('long expressions are broken after operators and between members', () => {
  const name = (letter: string) => `"${letter.repeat(30)}"`;
  const list = `[${['a', 'b', 'c', 'd', 'e'].map(name).join(', ')}]`;
  const text = `rules:\n  - id: one\n    expression: 'exec.file.name in ${list} && (exec.argv == ${name('f')} || exec.argv == ${name('g')} || exec.argv == ${name('h')})'\n`;
  const formatted = format(text);
  expect(formatted).toBe(`rules:
  - id: one
    expression: >-
      exec.file.name in [${name('a')}, ${name('b')},
        ${name('c')}, ${name('d')}, ${name('e')}] &&
      (exec.argv == ${name('f')} ||
       exec.argv == ${name('g')} ||
       exec.argv == ${name('h')})
`);
  expect(meaning(formatted)).toEqual(meaning(text));
});

test.each<[string, string]>([
  [
    'a comment in an expression',
    'rules:\n  - id: one\n    expression: |-\n      exec.uid == 0 # root\n      && exec.gid == 0\n',
  ],
  ['an expression that is wrong', 'rules:\n  - id: one\n    expression: exec.uid ==   0 &&\n'],
  ['a string with a line break', 'rules:\n  - id: one\n    expression: "exec.args == \\"a\\nb\\""\n'],
  [
    'versions that look like numbers',
    'version: 1.10\nrules:\n  - id: one\n    version: 1e3\n    expression: exec.uid == 0\n',
  ],
  ['anchors and aliases', 'rules:\n  - expression: &x exec.uid  ==  0\n    id: one\n  - id: two\n    expression: *x\n'],
  ['several documents', 'rules:\n  - id: one\n    expression: exec.uid == 0\n---\na: b\n'],
  [
    'text with blanks',
    'rules:\n  - id: one\n    expression: >-\n      exec.args == "a   b  " && exec.argv0 == "# no comment: x"\n',
  ],
  ['a backslash', `rules:\n  - id: one\n    expression: exec.args =~ r"a\\\\"b\\s+ \\\\d"\n`],
  ['carriage returns', 'rules:\r\n  - id: one\r\n    expression: exec.uid == 0\r\n'],
  ['only a comment', '# nothing\nversion: 1\n# end\n'],
  ['null values', 'version:\nrules:\n  - id: one\n    every: ~\n    expression: exec.uid == 0\n'],
  [
    'unary minus and durations',
    'rules:\n  - id: one\n    expression: exec.uid == - 5 && exec.file.change_time < 5000ms && exec.pid == -5\n',
  ],
])('%s: nothing is lost', (_, text) => {
  const formatted = format(text);
  expect(meaning(formatted)).toEqual(meaning(text));
  expect(comments(formatted)).toEqual(comments(text.replaceAll('\r', '')));
  expect(format(formatted)).toBe(formatted);
});

test('a file that is not YAML is refused', () => {
  expect(formatPolicy('x.policy', 'rules: [')).toMatchObject({ outcome: 'refused', diagnostics: [{ code: 'yaml' }] });
});

test('the shipped policies are laid out so', async () => {
  for (const { file, text } of await readPolicyFiles(['policies'])) {
    const before = Buffer.from(text).toString();
    expect(format(before), file).toBe(before);
  }
});

const literal = fc.oneof(
  fc.constantFrom(
    '"a b"',
    '~"x*"',
    '"it\'s"',
    '"# x"',
    '"a: b"',
    '""',
    '"{x}"',
    '"long text that takes room in a line"',
  ),
  fc
    .string({
      unit: fc.constantFrom('a', 'B', '1', ' ', '-', '%', '@', '&', '!', '>', '|', "'", '`', 'é'),
      maxLength: 12,
    })
    .map((text) => `"${text}"`),
);
const space = fc.constantFrom(' ', '  ', '\n');
const atom = fc.oneof(
  fc.tuple(literal, space).map(([text, blank]) => `exec.args ==${blank}${text}`),
  fc.array(literal, { minLength: 1, maxLength: 8 }).map((list) => `exec.argv in [ ${list.join(' ,')} ]`),
  fc.constantFrom(
    'exec.uid == 0755',
    'exec.pid!=1',
    'exec.args_truncated',
    'exec.uid in [1, 2]',
    '~"a*" in exec.argv',
    'LIST_USE',
  ),
);
const expression = fc
  .letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      atom,
      fc
        .tuple(tie('node'), space, fc.constantFrom('&&', '||', 'and', 'or'), space, tie('node'))
        .map((parts) => parts.join(''))
        .map((text) => text.replace(/(and|or)(?=\S)/g, '$1 ')),
      tie('node').map((inner) => `( ${inner})`),
      tie('node').map((inner) => `not ( ${inner} )`),
    ),
  }))
  .node.map((text) => text.replaceAll('LIST_USE', 'exec.file.name in NAMES'));

/** One expression as YAML may write it. */
const written = fc
  .tuple(expression, fc.constantFrom('single', 'double', 'literal', 'folded', 'flow'))
  .map(([text, style]) => {
    switch (style) {
      case 'single':
        return `'${text.replaceAll('\n', ' ').replaceAll("'", "''")}'`;
      case 'double':
        return JSON.stringify(text);
      case 'literal':
        return `|-\n${text
          .split('\n')
          .map((line) => `      ${line.trimStart()}`)
          .join('\n')}`;
      default:
        return `>-\n${text
          .split('\n')
          .map((line) => `      ${line.trimStart()}`)
          .join('\n')}`;
    }
  });

const policy = fc
  .array(fc.record({ written, note: fc.boolean(), gap: fc.boolean(), idLast: fc.boolean(), kill: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((rules) =>
    [
      'version: 1.20',
      'macros:',
      `  - {id: NAMES, values: ["x", 'y']}`,
      'rules:',
      ...rules.flatMap(({ written: text, note, gap, idLast, kill }, index) => [
        ...(gap ? [''] : []),
        ...(note ? [`  # note ${index}`] : []),
        ...(idLast
          ? [`  - expression: ${text}`, `    id: rule_${index}`]
          : [`  - id: rule_${index}`, `    expression: ${text}`]),
        ...(kill ? ['    actions: [ {kill: {signal: SIGKILL}} ]   # now'] : []),
      ]),
      '',
    ].join('\n'),
  );

test('whatever the layout: the meaning and the comments stay, and once is enough', () => {
  fc.assert(
    fc.property(policy, (text) => {
      const formatted = format(text);
      expect(meaning(formatted)).toEqual(meaning(text));
      const notes = (of: string) => of.match(/# (note \d|now)$/gm) ?? [];
      expect(notes(formatted)).toEqual(notes(text));
      expect(format(formatted)).toBe(formatted);
    }),
    { numRuns: 150 },
  );
});
