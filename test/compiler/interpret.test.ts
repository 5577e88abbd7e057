import { describe, expect, test } from 'vitest';
import { compile, type Execution, ImageError, interpret, describe as show } from '../../src/compiler/index.js';
import { type Exec, executionOf, kill, rule, ruleset, rulesFrom } from './support.js';

const known = (bytes: string) => ({ bytes, complete: true });
const script: Exec = { levels: [{ path: known('/tmp/xmrig') }, { path: known('/bin/sh') }] };

describe('views', () => {
  const { image } = compile(
    rulesFrom({
      script: 'exec.file.path == "/tmp/xmrig"',
      shell: 'exec.file.path == "/bin/sh"',
      both: 'exec.file.path == "/tmp/xmrig" && exec.interpreter.file.path == "/bin/sh"',
      crossed: 'exec.file.path == "/bin/sh" && exec.interpreter.file.path == "/bin/sh"',
      none: 'exec.interpreter.file.path == "" && exec.file.path == "/bin/sh"',
      allowed: 'exec.file.path not in ["/tmp/xmrig", "/usr/bin/true"]',
    }),
  );

  test('of a script are one for each level, each with its own interpreter', () => {
    expect(interpret(image, executionOf(script)).true).toEqual([0, 1, 2, 4, 5]);
  });

  test('know no interpreter while the last level is unfinished', () => {
    const { true: holds, unknown } = interpret(
      image,
      executionOf({ levels: [{ path: known('/bin/sh') }], last: 'unfinished' }),
    );
    expect([holds, unknown]).toEqual([
      [1, 5],
      [3, 4],
    ]);
  });

  test('that were not read are unknown', () => {
    expect(interpret(image, executionOf({ levels: [{}] })).unknown).toEqual([0, 1, 4, 5]);
  });
});

describe('stages', () => {
  const { image } = compile(
    ruleset(
      rule('deny', 'exec.argv0 == "x"'),
      rule('kill', 'exec.argv0 == "x"', { actions: [kill] }),
      rule('report', 'exec.argv0 == "x"', { actions: [] }),
      rule('monitored', 'exec.argv0 == "x"', { mode: 'monitor' }),
    ),
  );
  const at = (stage: Execution['stage']) => interpret(image, executionOf({ levels: [{}], argv0: known('x') }, stage));

  test('before the exec only a deny acts; at the exec a kill as well', () => {
    expect(at('refuse')).toMatchObject({ true: [0, 1, 2, 3], acting: [0] });
    expect(at('kill')).toMatchObject({ true: [0, 1, 2, 3], acting: [0, 1] });
  });
});

describe('elements', () => {
  test('begin anew for patterns of several pieces', () => {
    const { image } = compile(rulesFrom({ a: 'exec.argv =~ "*ab*b"', joined: 'exec.args =~ "*ab*b"' }));
    const run = (...strings: string[]) =>
      interpret(image, executionOf({ levels: [{}], args: { strings, read: 100 } })).true;
    expect(run('ab', 'b')).toEqual([1]);
    expect(run('ab')).toEqual([]);
    expect(run('x', 'abb', 'y')).toEqual([0]);
    expect(run('ab', 'cb', 'abcb')).toEqual([0, 1]);
  });

  test('do not exist without arguments, while the joined string is empty', () => {
    const { image } = compile(
      rulesFrom({ any: 'exec.argv =~ "*"', empty: 'exec.args == ""', pattern: 'exec.args =~ r"^$"' }),
    );
    expect(interpret(image, executionOf({ levels: [{}], args: { strings: [], read: 1 } })).true).toEqual([1, 2]);
    expect(interpret(image, executionOf({ levels: [{}], args: { strings: [''], read: 1 } })).true).toEqual([0, 1, 2]);
  });

  test('two megabytes before the one that matters hide nothing', () => {
    const { image } = compile(
      rulesFrom({ a: 'exec.args =~ "*stratum+tcp://*" && exec.args_options == "coin=monero"' }),
    );
    const strings = ['x'.repeat(2_000_000), '--coin', 'monero', 'stratum+tcp://pool'];
    expect(interpret(image, executionOf({ levels: [{}], args: { strings, read: 3_000_000 } })).true).toEqual([0]);
  });
});

describe('what is no image', () => {
  const { image } = compile(rulesFrom({ a: 'exec.comm == "x"' }));
  test.each([
    ['nothing', new Uint8Array()],
    ['other bytes', new Uint8Array(1000)],
    ['a part of one', image.subarray(0, image.length - 8)],
    ['another version', image.map((byte, at) => (at === 4 ? 1 : byte))],
  ])('%s is refused', (_, bytes) => {
    expect(() => interpret(bytes, executionOf({ levels: [{}] }))).toThrow(ImageError);
  });
});

test('an image is shown in words', () => {
  const { image } = compile(rulesFrom({ a: 'exec.comm == "x" && exec.uid != 0', b: 'process.parent.uid == 0' }));
  const shown = show(image);
  expect(shown).toMatch('comm: 1 automata');
  expect(shown).toMatch(/rule 0: \d+ and not \d+ \(tried on atom \d+\)/);
  expect(shown).toMatch('rule 1: program true');
  expect(shown).toMatch('rule 0: deny, enforce');
  expect(shown).toMatch('rule 1: candidate');
});
