import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ConfigError } from '../../src/agent/config-error.js';
import { parseConfigFile, readConfigFile } from '../../src/agent/config-file.js';
import { limits } from '../../src/agent/limits.js';

function mistakes(text: string): readonly ConfigError[] {
  return parseConfigFile(text, 'p.yaml').mistakes;
}

describe('a configuration file', () => {
  test.each(['', '# nothing\n', '{}\n', 'null\n', 'log:\n'])('%j says nothing', (text) => {
    expect(parseConfigFile(text, 'p.yaml')).toMatchObject({ values: [], mistakes: [] });
  });

  test('each value with its line', () => {
    const { values } = parseConfigFile('tier: lsm\nlog:\n  # often\n  level: warn\n', 'p.yaml');
    expect(values.map(({ setting, value, line }) => [setting.key, value, line])).toEqual([
      ['tier', 'lsm', 1],
      ['log.level', 'warn', 4],
    ]);
  });

  test.each([
    ['an unknown key', 'listen: 1\npolicie: [/a]\n', 'config-key', 2, 1, 'did you mean `policies`?'],
    ['an unknown key further in', 'log:\n  leve: info\n', 'config-key', 2, 3, 'did you mean `level`?'],
    [
      'a key nobody could mean',
      'zebra: 1\n',
      'config-key',
      1,
      1,
      'the keys here are policies, listen, log, journal, control',
    ],
    ['a wrong value', 'on_unknown:  sometimes\n', 'config-value', 1, 14, 'on_unknown'],
    ['a wrong type', 'policies: /etc/a\n', 'config-value', 1, 11, 'policies'],
    ['a wrong element', 'policies:\n  - /a\n  - 3\n', 'config-value', 3, 5, 'policies.1'],
    ['a value where keys belong', 'log: info\n', 'config-value', 1, 6, 'keys of its own: level, destination'],
    ['no policies', 'policies: []\n', 'config-value', 1, 11, 'policies'],
    ['a bad address', 'listen: example.com:80\n', 'config-value', 1, 9, 'write one like'],
    ['a port too large', 'listen: 127.0.0.1:65536\n', 'config-value', 1, 9, 'write one like'],
    ['a relative log file', 'log: {destination: here.log}\n', 'config-value', 1, 20, 'absolute path'],
    ['a relative socket', 'control: {socket: here.sock}\n', 'config-value', 1, 19, 'absolute path'],
    ['a socket with too long a name', `control: {socket: /${'x'.repeat(107)}}\n`, 'config-value', 1, 19, 'at most 107'],
    ['a pattern of secrets that is none', 'scrub: {patterns: ["("]}\n', 'config-value', 1, 20, 'no RE2 pattern'],
    ['a key given twice', 'tier: lsm\ntier: lsm\n', 'config-yaml', 2, 1, ''],
    ['broken YAML', 'policies: [\n', 'config-yaml', 2, 1, ''],
    ['a list', '- a\n', 'config-yaml', 1, 1, 'mapping'],
    ['an alias', 'policies: &a [/x]\nlog: *a\n', 'config-yaml', 2, 6, 'Aliases'],
  ])('%s is refused where it stands', (_, text, code, line, column, part) => {
    const [error] = mistakes(text);
    expect(error).toMatchObject({ code, line, column });
    expect(error!.message).toContain(part);
    expect(error!.message.startsWith(`p.yaml:${line}:${column}: `)).toBe(true);
  });

  test.each([
    ['rollout: {labels: prod}', '`rollout.labels`: Invalid input: expected record, received string; it takes names'],
    ['rollout: {labels: {a b: x}}', '`rollout.labels.a b`: "a b" cannot be in a label: letters, digits,'],
    ['rollout: {labels: {a: 3}}', 'expected string, received number; `rollout.labels` takes names and values, such as'],
    ['breaker: {limit: -1}', '`breaker.limit`: Too small: expected number to be >=0; it takes a number.'],
    ['listen: [1]', '`listen`: Invalid input; it takes `ADDRESS:PORT` or a port.'],
    ['tier: best', '`tier`: it takes `lsm`, `fmod_ret`, `kprobe`, `tracepoint`.'],
    ['policies: [/a, 3]', '`policies.1`: Invalid input: expected string, received number; `policies` takes a list of'],
    ['protected: {files: [a]}', 'must start with "/"; `protected.files` takes a list of absolute paths.'],
  ])('%s: says what to write instead', (text, part) => {
    expect(mistakes(text).map(({ message }) => message)).toEqual([expect.stringContaining(part)]);
  });

  test('every mistake is told, not the first alone', () => {
    expect(mistakes('zebra: 1\ntier: best\nlog: {leve: x}\n').map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  test('one past the limit is not read', () => {
    expect(mistakes('#'.repeat(limits.configBytes.value + 1))).toMatchObject([{ code: 'config-yaml' }]);
    expect(mistakes('#'.repeat(limits.configBytes.value))).toEqual([]);
  });

  test('one that is named must be there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
    const path = join(directory, 'none.yaml');
    expect(() => readConfigFile(path)).toThrow(`Cannot read ${path}: there is no such file.`);
    expect(() => readConfigFile(directory)).toThrow(`Cannot read ${directory}: it is a directory.`);
    rmSync(directory, { recursive: true });
  });
});
