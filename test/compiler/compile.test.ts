import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fact, ruleFlag, source, stream } from '../../src/compiler/image/layout.js';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { compile, interpret } from '../../src/compiler/index.js';
import { deny, type Exec, executionOf, kill, rule, ruleset, rulesFrom } from './support.js';

const known = (bytes: string) => ({ bytes, complete: true });

describe('the image', () => {
  const texts = {
    one: 'exec.file.name in ["xmrig", "minerd", ~"xmr*"] && exec.args =~ "*--coin*pool*"',
    two: '(exec.args_options == "algo=rx" || exec.uid == 0) && exec.interpreter.file.path != "/bin/sh"',
    three: 'exec.file.path in [~"/tmp/*/x", "/y"] || exec.file.name =~ r"x.*[0-9]"',
  };

  test('has the same bytes for the same rules', () => {
    const first = compile(rulesFrom(texts));
    const second = compile(rulesFrom(texts));
    expect(Buffer.from(first.image).equals(Buffer.from(second.image))).toBe(true);
    expect(first.hash).toBe(createHash('sha256').update(first.image).digest('hex'));
  });

  test('does not depend on the order of operands and list members', () => {
    const shuffled = {
      one: 'exec.args =~ "*--coin*pool*" && exec.file.name in [~"xmr*", "minerd", "xmrig", "minerd"]',
      two: 'exec.interpreter.file.path != "/bin/sh" && (0 == exec.uid || exec.args_options == "algo=rx")',
      three: 'exec.file.name =~ r"x.*[0-9]" || exec.file.path in ["/y", ~"/tmp/*/x"]',
    };
    expect(compile(rulesFrom(shuffled)).hash).toBe(compile(rulesFrom(texts)).hash);
  });

  test('depends on what the rules say', () => {
    const other = compile(rulesFrom({ ...texts, two: texts.two.replace('0', '1') }));
    expect(other.hash).not.toBe(compile(rulesFrom(texts)).hash);
  });

  test('is empty, but whole, without exec rules', () => {
    const { image, rules, sources } = compile(ruleset());
    expect(rules).toEqual([]);
    expect(sources).toBe(0n);
    expect(interpret(image, executionOf({ levels: [{}] }))).toMatchObject({ true: [], unknown: [] });
  });

  test('aligns every table to 8 bytes', () => {
    const { image } = compile(rulesFrom(texts));
    const view = new DataView(image.buffer);
    for (let at = 48; at < 160; at += 8) expect(view.getUint32(at, true) % 8).toBe(0);
    expect(image.length % 8).toBe(0);
  });
});

describe('atoms', () => {
  test('come by role, file and interpreter atoms in words of their own', () => {
    const { image } = compile(
      rulesFrom({
        a: 'exec.comm == "x" && exec.interpreter.file.name == "x" && exec.file.name == "x" && exec.file.uid == 3',
      }),
    );
    const reader = new ImageReader(image);
    expect([reader.fileWords, reader.interpreterWords, reader.atomWords]).toEqual([1, 1, 3]);
    const { literals } = reader.clauses[0]!;
    expect(literals.map((atom) => [atom >> 6, reader.atomSources[atom]])).toEqual(
      expect.arrayContaining([
        [0, source.stream + stream.name],
        [0, source.fact + fact.fileUid],
        [1, source.interpreterName],
        [2, source.stream + stream.comm],
      ]),
    );
  });

  test('are shared by equal tests of different rules, and by exec.X and process.X', () => {
    const { image } = compile(
      rulesFrom({
        a: 'exec.comm in ["x", "y"]',
        b: 'process.comm in ["y", "x"] && exec.uid == 1',
        c: 'exec.comm == "x"',
      }),
    );
    const reader = new ImageReader(image);
    const [a, b, c] = [0, 1, 2].map((number) => reader.clauses.find((clause) => clause.rule === number)!.literals);
    expect(b).toContain(a![0]);
    expect(c).not.toContain(a![0]);
  });

  test('side by side on one field become one test', () => {
    const one = compile(rulesFrom({ a: 'exec.comm == "x" || exec.comm == "y"' }));
    const list = compile(rulesFrom({ a: 'exec.comm in ["x", "y"]' }));
    expect(one.hash).toBe(list.hash);
    const neither = compile(rulesFrom({ a: 'exec.comm != "x" && exec.comm != "y"' }));
    expect(neither.hash).toBe(compile(rulesFrom({ a: 'exec.comm not in ["x", "y"]' })).hash);
  });
});

describe('clauses', () => {
  test('wait for the test that is most seldom true', () => {
    const { image } = compile(
      rulesFrom({ a: 'exec.uid == 0 && exec.args =~ "*a*" && exec.args_flags == "randomx-1gb-pages"' }),
    );
    const reader = new ImageReader(image);
    const trigger = reader.triggers.findIndex(({ count }) => count > 0);
    expect(reader.always).toBe(0);
    const exec = (args: string[]): Exec => ({ levels: [{}], args: { strings: args, read: 100 }, uid: 0n });
    expect(interpret(image, executionOf(exec(['--randomx-1gb-pages']))).views[0]!.atoms.has(trigger)).toBe(true);
    expect(interpret(image, executionOf(exec(['a']))).views[0]!.atoms.has(trigger)).toBe(false);
  });

  test('without a positive test are always tried', () => {
    const { image } = compile(rulesFrom({ b: 'exec.comm == "x"', a: 'exec.comm != "x" && exec.uid != 0' }));
    const reader = new ImageReader(image);
    expect(reader.always).toBe(1);
    expect(reader.clauses[0]!.rule).toBe(1);
    expect(interpret(image, executionOf({ levels: [{}], comm: known('y'), uid: 1n })).true).toEqual([1]);
  });
});

describe('rules', () => {
  const flagsOf = (...args: Parameters<typeof rule>) =>
    new ImageReader(compile(ruleset(rule(...args))).image).rules[0]!;

  test('carry what is done', () => {
    expect(flagsOf('a', 'exec.comm == "x"')).toEqual({ flags: ruleFlag.deny | ruleFlag.enforce, signal: 0 });
    expect(flagsOf('a', 'exec.comm == "x"', { actions: [deny, kill], mode: 'monitor' })).toEqual({
      flags: ruleFlag.deny | ruleFlag.kill,
      signal: 15,
    });
    expect(flagsOf('a', 'exec.comm == "x"', { actions: [] })).toEqual({ flags: 0, signal: 0 });
  });

  test('with a filter on their action are carried out elsewhere', () => {
    const filtered = { ...kill, filter: { expression: { node: 'constant', value: true }, source: 'true' } } as const;
    expect(flagsOf('a', 'exec.comm == "x"', { actions: [filtered] }).flags).toBe(0);
  });

  test('act on what is unknown only when asked to', () => {
    const image = (onUnknown: 'report' | 'enforce') =>
      compile(ruleset(rule('a', 'exec.comm == "x"'), rule('b', 'exec.comm == "x"', { mode: 'monitor' })), { onUnknown })
        .image;
    const unread = executionOf({ levels: [{}] });
    expect(interpret(image('report'), unread)).toMatchObject({ unknown: [0, 1], acting: [] });
    expect(interpret(image('enforce'), unread)).toMatchObject({ unknown: [0, 1], acting: [0] });
    expect(interpret(image('enforce'), { ...unread, stage: 'refuse' }).acting).toEqual([]);
  });

  test('that the kernel cannot decide are candidates and never act', () => {
    const compiled = compile(
      rulesFrom({
        part: 'exec.comm == "x" && process.parent.comm == "y"',
        none: 'process.parent.comm != "y"',
        whole: 'exec.comm == "x"',
      }),
      { onUnknown: 'enforce' },
    );
    const reader = new ImageReader(compiled.image);
    expect(reader.rules.map(({ flags }) => flags & ~ruleFlag.unknownEnforce)).toEqual([
      ruleFlag.candidate,
      ruleFlag.candidate,
      ruleFlag.deny | ruleFlag.enforce,
    ]);
    const other = interpret(compiled.image, executionOf({ levels: [{}], comm: known('z') }));
    expect([other.true, other.acting]).toEqual([[1], []]);
    const both = interpret(compiled.image, executionOf({ levels: [{}], comm: known('x') }));
    expect([both.true, both.acting]).toEqual([[0, 1, 2], [2]]);
  });

  test('of other events are not in the image', () => {
    const compiled = compile(rulesFrom({ open: 'open.file.path == "/etc/shadow"', exec: 'exec.comm == "x"' }));
    expect(compiled.rules.map(({ rule: { id } }) => id)).toEqual(['exec']);
  });
});

describe('sources', () => {
  test('name what the rules read', () => {
    const { sources } = compile(rulesFrom({ a: 'exec.args =~ "*x*" && exec.interpreter.file.uid == 0' }));
    expect(sources).toBe((1n << BigInt(stream.args)) | (1n << BigInt(source.interpreterFact)));
  });

  test('of a test that nothing can pass are read all the same', () => {
    const { image } = compile(rulesFrom({ a: 'exec.args_flags == "a=b"' }));
    const reader = new ImageReader(image);
    expect(reader.streams).toBe(1 << stream.args);
    const args = { strings: ['--a=b'], read: 100 };
    expect(interpret(image, executionOf({ levels: [{}], args })).unknown).toEqual([]);
    expect(interpret(image, executionOf({ levels: [{}] })).unknown).toEqual([0]);
  });
});

describe('many rules', () => {
  test('fifty patterns of two pieces are one small automaton, over args and over argv', () => {
    for (const field of ['exec.args', 'exec.argv']) {
      const texts = Object.fromEntries(
        Array.from({ length: 50 }, (_, i) => [`r${i}`, `${field} =~ "*a${i}_*b${i}_*"`]),
      );
      const { image, plan } = compile(rulesFrom(texts));
      expect(plan.passes.map(({ automata }) => automata.length)).toEqual([1]);
      expect(plan.passes[0]!.automata[0]!.states).toBeLessThan(500);
      const run = (...strings: string[]) =>
        interpret(image, executionOf({ levels: [{}], args: { strings, read: 1000 } })).true;
      expect(run('a7_ b7_ b8_ a8_ a49_b49_')).toEqual([7, 49]);
      expect(run('a7_', 'b7_')).toEqual(field === 'exec.args' ? [7] : []);
    }
  });

  test('ten thousand exact strings are one pass', () => {
    const texts = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`r${i}`, `exec.file.name == "tool-${i}-x"`]),
    );
    const { image, plan } = compile(rulesFrom(texts));
    expect(plan.passes).toHaveLength(1);
    expect(plan.rules.every(({ place }) => place === 'kernel-before-exec')).toBe(true);
    expect(interpret(image, executionOf({ levels: [{ name: known('tool-4711-x') }] })).true).toEqual([4711]);
  });

  test('words that tell the same share their endings', () => {
    const bytes = (expression: string) => compile(rulesFrom({ a: expression })).image.length;
    const names = (from: number) =>
      Array.from({ length: 100 }, (_, i) => `"${from + i}-with-a-long-common-ending"`).join(', ');
    expect(bytes(`exec.comm in [${names(100)}]`)).toBeLessThan(40_000);
  });
});
