import { describe, expect, test } from 'vitest';
import { ConfigError, completeConfig, isLoopback, parseConfig, parseListen } from '../../src/agent/config.js';
import { limits } from '../../src/agent/limits.js';

function mistake(text: string): ConfigError {
  try {
    parseConfig(text, 'p.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('a configuration file', () => {
  test('every key', () => {
    const text = `
policies: [/etc/a, /etc/b.policy]
listen: "[::1]:9000"
log: {level: warn, destination: /var/log/portcullis.log}
on_unknown: enforce
on_unseen: enforce
sweep: enforce
scrub: {patterns: ['pin (\\d+)']}
tier: tracepoint
`;
    expect(completeConfig(parseConfig(text, 'p.yaml'), {}, { policies: ['/d'] })).toEqual({
      policies: ['/etc/a', '/etc/b.policy'],
      listen: { host: '::1', port: 9000 },
      log: { level: 'warn', destination: { to: 'file', path: '/var/log/portcullis.log' } },
      onUnknown: 'enforce',
      onUnseen: 'enforce',
      sweep: 'enforce',
      scrub: { patterns: ['pin (\\d+)'] },
      tier: 'tracepoint',
    });
  });

  test.each(['', '# nothing\n', '{}\n', 'null\n'])('%j says nothing, and all have defaults', (text) => {
    expect(completeConfig(parseConfig(text, 'p.yaml'), {}, { policies: ['/d'] })).toEqual({
      policies: ['/d'],
      listen: { host: '127.0.0.1', port: 9477 },
      log: { level: 'info', destination: { to: 'stdout' } },
      onUnknown: 'report',
      onUnseen: 'report',
      sweep: 'report',
      scrub: { patterns: [] },
    });
  });

  test('the command line goes over the file', () => {
    const file = parseConfig('policies: [/a]\nlisten: 1\ntier: lsm\n', 'p.yaml');
    const config = completeConfig(file, { policies: ['/b'], tier: 'tracepoint' }, { policies: ['/d'] });
    expect(config).toMatchObject({ policies: ['/b'], listen: { port: 1 }, tier: 'tracepoint' });
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
      'the keys here are policies, listen, log, on_unknown',
    ],
    ['a wrong value', 'on_unknown:  sometimes\n', 'config-value', 1, 14, 'on_unknown'],
    ['a wrong type', 'policies: /etc/a\n', 'config-value', 1, 11, 'policies'],
    ['a wrong element', 'policies:\n  - /a\n  - 3\n', 'config-value', 3, 5, 'policies.1'],
    ['no policies', 'policies: []\n', 'config-value', 1, 11, 'policies'],
    ['a bad address', 'listen: example.com:80\n', 'config-value', 1, 9, 'write one like'],
    ['a port too large', 'listen: 127.0.0.1:65536\n', 'config-value', 1, 9, 'write one like'],
    ['a relative log file', 'log: {destination: here.log}\n', 'config-value', 1, 20, 'absolute path'],
    ['a pattern of secrets that is none', 'scrub: {patterns: ["("]}\n', 'config-value', 1, 20, 'no RE2 pattern'],
    ['a key given twice', 'tier: lsm\ntier: lsm\n', 'config-yaml', 2, 1, ''],
    ['broken YAML', 'policies: [\n', 'config-yaml', 2, 1, ''],
    ['a list', '- a\n', 'config-yaml', 1, 1, 'mapping'],
    ['an alias', 'policies: &a [/x]\nlog: *a\n', 'config-yaml', 2, 6, 'Aliases'],
  ])('%s is refused where it stands', (_, text, code, line, column, part) => {
    const error = mistake(text);
    expect(error).toMatchObject({ code, line, column });
    expect(error.message).toContain(part);
    expect(error.message.startsWith(`p.yaml:${line}:${column}: `)).toBe(true);
  });

  test('a file past the limit is not read', () => {
    expect(mistake('#'.repeat(limits.configBytes.value + 1)).code).toBe('config-yaml');
  });
});

test.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['9477', { host: '127.0.0.1', port: 9477 }],
  ['0.0.0.0:9477', { host: '0.0.0.0', port: 9477 }],
])('%s is an address', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test('what is loopback', () => {
  expect(['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1'].map(parseListen).every(isLoopback)).toBe(true);
  expect(['0.0.0.0:1', '[::]:1', '10.0.0.1:1'].map(parseListen).some(isLoopback)).toBe(false);
});
