/** Parents and ancestors: which rules become lineage bits, what the bits say, and what an image does with them. */
import { describe, expect, test } from 'vitest';
import { event, source } from '../../src/compiler/image/layout.js';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { type Compiled, compile, interpret, type LineageBits } from '../../src/compiler/index.js';
import { type Exec, executionOf, rule, ruleset, rulesFrom, viewsOf } from './support.js';

const known = (bytes: string) => ({ bytes, complete: true });
const program = (name: string, ...args: string[]): Exec => ({
  levels: [{ path: known(`/bin/${name}`), name: known(name) }],
  args: { strings: args, read: 1000 },
});
const script = (name: string, interpreter: string): Exec => ({
  levels: [program(name).levels[0]!, program(interpreter).levels[0]!],
});
const noAncestors: LineageBits = { parent: 0n, parentUnknown: 0n, ancestors: 0n, ancestorsUnknown: 0n };

/** What holds at the last of these execs, one after another by one task and its children. */
function atLast({ image }: Compiled, line: readonly Exec[], before: 'nothing known' | 'no ancestors' = 'no ancestors') {
  let lineage = before === 'no ancestors' ? noAncestors : undefined;
  let last = { true: [] as readonly number[], unknown: [] as readonly number[] };
  for (const exec of line) {
    const found = interpret(image, { ...executionOf(exec), ...(lineage && { lineage }) });
    lineage = found.after;
    last = found;
  }
  return { true: last.true, unknown: last.unknown };
}

describe('a program started below others', () => {
  const one = (text: string) => compile(rulesFrom({ one: `exec.file.name == "bash" && ${text}` }));
  const bash = program('bash');

  test.each<[string, readonly Exec[], 'holds' | 'does not']>([
    ['process.parent.file.name == "nginx"', [program('nginx'), bash], 'holds'],
    ['process.parent.file.name == "nginx"', [program('nginx'), program('sh'), bash], 'does not'],
    ['process.parent.file.name != "nginx"', [program('nginx'), bash], 'does not'],
    ['process.ancestors.file.name == "nginx"', [program('nginx'), bash], 'holds'],
    ['process.ancestors.file.name == "nginx"', [program('nginx'), program('sh'), bash], 'holds'],
    ['process.ancestors.file.name == "bash"', [program('nginx'), bash], 'does not'],
    ['process.ancestors.file.name != "nginx"', [program('nginx'), program('sh'), bash], 'does not'],
    ['process.ancestors.file.name not in ["nginx", ~"php*"]', [program('php-fpm'), program('sh'), bash], 'does not'],
    ['process.ancestors.file.name not in ["nginx", ~"php*"]', [program('sshd'), program('sh'), bash], 'holds'],
    ['process.ancestors.argv == "-S"', [program('php', '-S'), bash], 'holds'],
    ['process.ancestors.args_options in ["x=y"]', [program('php', '--x', 'y'), bash], 'holds'],
    // A script is there as itself and as its interpreter.
    ['process.parent.file.name == "deploy"', [script('deploy', 'sh'), bash], 'holds'],
    ['process.parent.file.name == "sh"', [script('deploy', 'sh'), bash], 'holds'],
    ['process.parent.file.name != "sh"', [script('deploy', 'sh'), bash], 'does not'],
    ['process.parent.interpreter.file.name == "sh"', [script('deploy', 'sh'), bash], 'holds'],
    // Both at one program, or at any.
    [
      'process.ancestors.file.name == "php" && process.ancestors.argv == "-S"',
      [program('php'), program('sh', '-S'), bash],
      'holds',
    ],
    [
      'process.ancestors[A].file.name == "php" && process.ancestors[A].argv == "-S"',
      [program('php'), program('sh', '-S'), bash],
      'does not',
    ],
    [
      'process.ancestors[A].file.name == "php" && process.ancestors[A].argv == "-S"',
      [program('php', '-S'), program('sh'), bash],
      'holds',
    ],
    ['process.ancestors[A].file.name != "php"', [program('php'), bash], 'does not'],
    ['process.ancestors[A].file.name != "php"', [program('php'), program('sh'), bash], 'holds'],
    ['(process.ancestors[A].file.name == "php" || exec.argv == "-i")', [program('sh'), program('bash', '-i')], 'holds'],
    ['(process.ancestors[A].file.name == "php" || exec.argv == "-i")', [program('bash', '-i')], 'does not'],
    [
      '(process.ancestors[A].file.name == "php") == (exec.argv == "-i")',
      [program('php'), program('sh'), program('bash', '-i')],
      'holds',
    ],
    ['(process.ancestors[A].file.name == "php") == (exec.argv == "-i")', [program('php'), bash], 'does not'],
  ])('%s', (text, line, expected) => {
    const compiled = one(text);
    expect(compiled.rules[0]).toMatchObject({ decision: 'decided' });
    expect(atLast(compiled, line).true).toEqual(expected === 'holds' ? [0] : []);
  });

  test('of whose parents nothing is known is unknown, unless what is known decides', () => {
    const compiled = compile(
      rulesFrom({
        parent: 'exec.file.name == "bash" && process.parent.file.name == "nginx"',
        ancestors: 'exec.file.name == "bash" && process.ancestors.file.name == "nginx"',
        none: 'exec.file.name == "bash" && process.ancestors.file.name != "nginx"',
        other: 'exec.file.name == "sh" && process.ancestors[A].file.name == "nginx"',
      }),
    );
    expect(atLast(compiled, [bash], 'nothing known')).toEqual({ true: [], unknown: [0, 1, 2] });
    expect(atLast(compiled, [program('sh'), bash], 'nothing known')).toEqual({ true: [], unknown: [1, 2] });
    expect(atLast(compiled, [program('nginx'), bash], 'nothing known')).toEqual({ true: [0, 1], unknown: [] });
    expect(atLast(compiled, [program('nginx'), program('sh'), bash], 'nothing known')).toEqual({
      true: [1],
      unknown: [],
    });
  });
});

describe('lineage bits', () => {
  const bitsOf = (texts: Record<string, string>) => {
    const { lineage, plan } = compile(rulesFrom(texts));
    expect(plan.conditions).toBe(lineage.length);
    return lineage.length;
  };

  test('are shared: by rules, by parent and ancestors, by conditions that say the same', () => {
    expect(bitsOf({ a: 'process.parent.file.name == "x"', b: 'process.ancestors.file.name == "x"' })).toBe(1);
    expect(
      bitsOf({
        a: 'process.ancestors[A].file.name in ["x", "y"] && process.ancestors[A].argv == "z"',
        b: 'process.ancestors[B].argv == "z" && process.ancestors[B].file.name in ["y", "x"]',
      }),
    ).toBe(1);
    expect(bitsOf({ a: 'process.parent.file.name == "x" || process.parent.file.name == "y"' })).toBe(1);
    expect(bitsOf({ a: 'process.parent.file.name != "x" && process.parent.argv != "y"' })).toBe(1);
    expect(bitsOf({ a: 'process.parent.file.name == "x" && process.parent.argv == "y"' })).toBe(2);
    expect(bitsOf({ a: 'process.parent.file.name == "x" || process.ancestors.file.name == "y"' })).toBe(2);
  });

  test('lie behind the atoms of files and cgroups, in four regions', () => {
    const { image } = compile(
      rulesFrom({
        a: 'exec.file.name == "x" && container.id == "" && exec.argv == "y" && process.ancestors.interpreter.file.name == "z"',
      }),
    );
    const reader = new ImageReader(image);
    const { fileWords, interpreterWords, cgroupWord, cgroupWords, lineageWord, lineageWords, atomWords } = reader;
    expect([fileWords, interpreterWords, cgroupWord, cgroupWords]).toEqual([1, 1, 2, 1]);
    expect([lineageWord, lineageWords, atomWords]).toEqual([3, 1, 8]);
    const { literals } = reader.clauses[0]!;
    expect(literals).toContain((lineageWord + 2) * 64);
    expect(reader.atomSources[lineageWord * 64]).toBe(source.parent);
    expect(reader.atomSources[(lineageWord + 2) * 64]).toBe(source.ancestors);
    expect(reader.lineage).toEqual([{ rule: 0, steps: [64] }]);
    // What only the condition asks for is read too.
    expect(reader.sources & (1n << BigInt(source.interpreterName))).not.toBe(0n);
  });

  test('are decided in user space as at the exec', () => {
    const compiled = compile(
      rulesFrom({
        a: 'process.ancestors[A].file.name == "sh" && process.ancestors[A].argv =~ "*x*"',
        b: 'process.parent.interpreter.file.name == "sh"',
        c: 'process.parent.file.name != "deploy" && exec.argv == "z"',
      }),
    );
    expect(compiled.lineage).toHaveLength(3);
    const unread: Exec = { levels: [{ name: known('sh') }] };
    for (const exec of [program('sh', 'axb'), program('sh'), script('deploy', 'sh'), unread]) {
      const { self, selfUnknown } = interpret(compiled.image, executionOf(exec));
      compiled.lineage.forEach(({ holds }, bit) => {
        const truth = (self >> BigInt(bit)) & 1n ? true : (selfUnknown >> BigInt(bit)) & 1n ? 'unknown' : false;
        expect(holds(viewsOf(exec))).toBe(truth);
      });
    }
  });

  test('ask for every exec, so that the programs of all processes are known', () => {
    const events = (text: string) => new ImageReader(compile(rulesFrom({ a: text })).image).events;
    expect(events('process.parent.file.name == "x"')).toBe(event.exec);
    expect(events('process.parent.comm == "x"')).toBe(0);
  });

  test('do not depend on the order of rules', () => {
    const texts = [
      'process.parent.file.name == "x"',
      'process.ancestors.argv == "y"',
      'process.parent.tty_name == "z"',
    ];
    const of = (order: readonly string[]) => compile(ruleset(...order.map((text) => rule('same', text)))).lineage;
    const shown = (list: ReturnType<typeof of>) =>
      list.map(({ expression }) => JSON.stringify(expression, noPositions));
    expect(shown(of(texts))).toEqual(shown(of([...texts].reverse())));
  });
});

function noPositions(key: string, value: unknown): unknown {
  if (key === 'start' || key === 'end') return undefined;
  return typeof value === 'bigint' ? `${value}` : value;
}

describe('what goes to user space, and why', () => {
  const planned = (text: string) => {
    const { plan, rules, image } = compile(rulesFrom({ one: text }));
    return { place: plan.rules[0]!.place, prefilter: plan.rules[0]!.prefilter, reasons: rules[0]!.reasons, image };
  };

  test.each<[string, string]>([
    ['process.parent.uid == 0', 'process.parent.uid may change without an exec'],
    ['process.ancestors.comm == "x"', 'process.ancestors.comm may change without an exec'],
    ['process.ancestors.container.id != ""', 'process.ancestors.container.id may change without an exec'],
    ['process.parent.pid == 1', 'process.parent.pid may change without an exec'],
    ['process.parent.file.filesystem == "tmpfs"', 'does not read process.parent.file.filesystem'],
    ['process.parent.created_at < 5s && exec.uid == 0', 'it depends on an age'],
    ['process.ancestors.length > 3', 'does not read process.ancestors.length'],
    ['process.ancestors.file.name[0] == "x"', 'does not read process.ancestors.file.name[0]'],
    ['process.ancestors.file.path.length > 3', 'does not read process.ancestors.file.path.length'],
    ['process.parent.file.uid == process.file.uid', 'compares two processes with each other'],
    ['process.parent.file.name == process.file.name', 'compared with another field'],
    ['process.ancestors[A].file.uid == exec.uid', 'compares two processes with each other'],
    ['process.ancestors[A].file.uid > 0 && process.ancestors[A].uid == 0', 'process.ancestors[A].uid'],
    ['process.ancestors[A].created_at < 5s', 'it depends on an age'],
  ])('%s', (text, reason) => {
    const { place, reasons } = planned(`exec.file.name == "x" && ${text}`);
    expect(place).toBe('user-space');
    expect(reasons.join()).toMatch(reason.replace('[A]', '').split('[')[0]!);
  });

  test('the rest of a condition on one ancestor is still a filter', () => {
    const { prefilter, image } = planned('process.ancestors[A].file.name == "sh" && process.ancestors[A].uid == 0');
    expect(prefilter).toBe(true);
    expect(atLast({ image } as Compiled, [program('sh'), program('x')]).true).toEqual([0]);
    expect(atLast({ image } as Compiled, [program('y'), program('x')]).true).toEqual([]);
    const either = planned('process.ancestors[A].file.name == "sh" || process.ancestors[A].uid == 0');
    expect(atLast({ image: either.image } as Compiled, [program('y'), program('x')]).true).toEqual([0]);
  });
});
