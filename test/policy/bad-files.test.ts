import { expect, test } from 'vitest';
import { limits } from '../../src/policy/limits.js';
import { load, places } from './support.js';

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]}, `.repeat(10)}]`),
].join('\n');

test.each<[string, string | Uint8Array, string[]]>([
  ['an empty file', '', ['error empty 1:1']],
  ['nothing but a comment', '# nothing\n', ['error empty 1:1']],
  ['a NUL byte', 'version: 1\nrules: \0\n', ['error nul 2:8']],
  ['invalid UTF-8', Buffer.from('version: 1\nrules: é\xff\n', 'latin1'), ['error not-utf8 2:8']],
  [
    'invalid UTF-8 behind valid text',
    Buffer.concat([Buffer.from('é: "\uFFFD'), Buffer.from([0xc3, 0x28])]),
    ['error not-utf8 1:6'],
  ],
  ['50 MB', Buffer.alloc(50_000_000, 'a: b\n'), ['error too-large 1:1']],
  ['text', 'just some words', ['error not-a-mapping 1:1']],
  ['a list', '- id: x\n', ['error not-a-mapping 1:1']],
  ['an unterminated string', 'version: "1\nrules: []\n', ['error yaml 3:1']],
  ['a tab for indentation', 'rules:\n\t- id: x\n', ['error yaml 2:1']],
  ['a key given twice', 'version: 1\nrules: []\nrules: []\n', ['error duplicate-key 3:1']],
  ['a key given twice deep inside', 'rules:\n  - id: x\n    tags: {a: 1, a: 2}\n', ['error duplicate-key 3:18']],
  ['an alias of nothing', 'version: *nothing\n', ['error alias 1:10']],
  ['an alias of itself', 'rules: &rules [*rules]\n', ['error alias 1:16']],
  ['an alias bomb', bomb, ['error alias-bomb 1:1', 'error alias-bomb 7:8']],
  ['an unknown mode', 'mode: observe\nrules: []\n', ['error wrong-value 1:7']],
])('%s is refused whole', (_, text, expected) => {
  const ruleset = load(text);
  expect(places(ruleset).slice(0, expected.length)).toEqual(expected);
  expect(ruleset.rules).toEqual([]);
  expect(ruleset.policies).toEqual([]);
});

test.each(['[', '- ', '? ', '{a: '])('nesting of %j is refused at its limit, soon', (unit) => {
  const start = performance.now();
  const [diagnostic] = load(unit.repeat(200_000)).diagnostics;
  expect(diagnostic?.code).toBe('too-deep');
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('more tokens than the limit are refused', () => {
  const [diagnostic] = load(`rules: [${'a,'.repeat(limits.yamlTokens.value / 2)}a]`).diagnostics;
  expect(diagnostic?.code).toBe('too-large');
});

test('a few aliases are fine', () => {
  const ruleset = load(`version: &v 1.0.0
rules:
  - id: one
    version: *v
    expression: exec.file.name == "x"
    product_tags: &tags [a, b]
  - id: two
    expression: exec.file.name == "y"
    product_tags: *tags
`);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules.map(({ productTags }) => productTags)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(ruleset.rules[0]?.version).toBe('1.0.0');
});

test('a byte order mark and Windows line breaks are fine', () => {
  const ruleset = load('\uFEFFversion: 1\r\nrules:\r\n  - id: one\r\n    expression: exec.file.nam == "x"\r\n');
  expect(places(ruleset)).toEqual(['error unknown-name 4:17']);
  expect(ruleset.diagnostics[0]?.excerpt).toBe('    expression: exec.file.nam == "x"');
});

test('what is reported past the limit is counted', () => {
  const rules = Array.from({ length: limits.diagnostics.value + 7 }, () => '  - {}\n').join('');
  const { diagnostics } = load(`rules:\n${rules}`);
  expect(diagnostics).toHaveLength(limits.diagnostics.value + 1);
  expect(diagnostics.at(-1)?.message).toMatch(/^7 more/);
});
