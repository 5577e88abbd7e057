import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flags, joined, knownFlags, knownJoin, knownOptions, options } from '../../src/secl/arguments.js';
import { readingOf, type Value } from '../../src/secl/value.js';

describe('flags', () => {
  test('short flags one by one and together, long ones whole', () => {
    expect(flags(['-abc', '--verbose', 'test', '-v=1', '--host=myhost', '-9', '-', '--'])).toEqual([
      'a',
      'b',
      'c',
      'abc',
      'verbose',
      '9',
    ]);
  });

  test.each([
    ['a long option with a separate value is a flag too', ['--donate-level', '1'], ['donate-level']],
    ['three dashes leave one', ['---x'], ['-x']],
    ['what is not alphanumeric is not taken apart', ['-a_b', '-é'], ['a_b', 'é']],
    ['one character after two dashes is nothing', ['--x', '---'], []],
    ['the empty argument is nothing', [''], []],
  ])('%s', (_, argv, expected) => {
    expect(flags(argv.map((argument) => Buffer.from(argument).toString('latin1')))).toEqual(
      expected.map((flag) => Buffer.from(flag).toString('latin1')),
    );
  });
});

describe('options', () => {
  test('with = or with the next argument', () => {
    const argv = '--config /etc/f --host=h --verbose -c /etc/f -e  -h=h -v -- --- -9'.split(' ');
    expect(options(argv)).toEqual(['config=/etc/f', 'host=h', 'c=/etc/f', 'e=', 'h=h']);
  });

  test.each([
    [
      'both ways of writing it are one option',
      ['--donate-level', '1', '--donate-level=1'],
      ['donate-level=1', 'donate-level=1'],
    ],
    ['the last one has no value', ['-o'], []],
    ['a value is used up', ['-a', 'b', 'c'], ['a=b']],
    ['the next flag is no value', ['-a', '-b', 'c'], ['b=c']],
    ['a name begins with a letter or digit', ['-=x', '--_a', 'b'], []],
  ])('%s', (_, argv, expected) => {
    expect(options(argv)).toEqual(expected);
  });
});

/** Written from the description of the algorithm, character by character. */
function plainOptions(argv: readonly string[]): string[] {
  const out: string[] = [];
  let i = 0;
  while (i < argv.length) {
    const a = argv[i]!;
    if (a.length > 1 && a[0] === '-') {
      let name = a.substring(1);
      if (name[0] === '-') name = name.substring(1);
      const c = name.length > 0 ? name.charCodeAt(0) : 0;
      if ((c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122)) {
        if (name.indexOf('=') >= 0) out.push(name);
        else if (i < argv.length - 1 && (argv[i + 1] === '' || argv[i + 1]![0] !== '-')) {
          out.push(`${name}=${argv[i + 1]}`);
          i += 1;
        }
      }
    }
    i += 1;
  }
  return out;
}

function plainFlags(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (const a of argv) {
    if (a.length < 2 || a[0] !== '-') continue;
    let name = a.substring(1);
    let short = true;
    if (name[0] === '-') {
      name = name.substring(1);
      short = false;
    }
    for (const c of name) short = short && /[A-Za-z0-9]/.test(c);
    if (name === '') continue;
    if (short) for (const c of name) out.push(c);
    if (!name.includes('=') && name.length > 1) out.push(name);
  }
  return out;
}

const argument = fc.string({ unit: fc.constantFrom('-', '=', 'a', 'B', '9', ' ', '_', '\xff'), maxLength: 5 });
const argvs = fc.array(argument, { maxLength: 5 });

describe('against an independent implementation', () => {
  test('flags and options agree', () => {
    fc.assert(
      fc.property(argvs, (argv) => {
        expect(flags(argv)).toEqual(plainFlags(argv));
        expect(options(argv)).toEqual(plainOptions(argv));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('cut argument lists', () => {
  test('a complete list is as ever', () => {
    const argv = { elements: ['-a', 'b'], complete: true };
    expect(knownJoin(argv)).toBe('-a b');
    expect(knownFlags(argv)).toEqual(['a']);
    expect(knownOptions(argv)).toEqual(['a=b']);
  });

  test('args is the join so far, with the space that is known to come', () => {
    expect(knownJoin({ elements: ['a', 'b'], complete: false })).toEqual({ known: 'prefix', prefix: 'a b' });
    expect(knownJoin({ elements: ['a'], complete: false, partial: '' })).toEqual({ known: 'prefix', prefix: 'a ' });
    expect(knownJoin({ elements: [], complete: false, partial: 'x' })).toEqual({ known: 'prefix', prefix: 'x' });
  });

  test('flags of the cut argument are not known', () => {
    expect(knownFlags({ elements: ['-a'], complete: false, partial: '-b' })).toEqual({
      known: 'elements',
      elements: ['a'],
    });
  });

  test.each([
    ['nothing known of the next', ['-a'], undefined, [], undefined],
    ['the next exists, its first byte not known', ['-a'], '', [], undefined],
    ['the next begins with no dash', ['-a'], 'v', [], 'a=v'],
    ['the next is an option itself', ['-a'], '-b', [], undefined],
    ['the cut argument has its =', ['x'], '--k=v', [], 'k=v'],
    ['after an option without value', ['-a'], '-k=', [], 'k='],
    ['a complete empty value', ['-a', ''], undefined, ['a='], undefined],
    ['a dash that may become two', [], '-', [], undefined],
  ])('options: %s', (_, elements, partial, found, partialOption) => {
    const known = knownOptions({ elements, complete: false, ...(partial !== undefined && { partial }) });
    expect(known).toEqual({
      known: 'elements',
      elements: found,
      ...(partialOption !== undefined && { partial: partialOption }),
    });
  });

  test('what is said of a cut list is true of every list it may be', () => {
    fc.assert(
      fc.property(argvs, fc.nat(5), fc.option(fc.nat(5)), (argv, cut, bytes) => {
        const elements = argv.slice(0, cut);
        const next = argv[cut];
        const partial = next !== undefined && bytes !== null ? { partial: next.slice(0, bytes) } : {};
        const known = { elements, complete: false, ...partial };
        expect(joined(argv).startsWith((knownJoin(known) as { prefix: string }).prefix)).toBe(true);
        expectBeginning(knownFlags(known), flags(argv));
        expectBeginning(knownOptions(known), options(argv));
      }),
      { numRuns: 2000 },
    );
  });
});

/** The known elements are the first ones, and the partial one begins the one after. */
function expectBeginning(known: Value, whole: readonly string[]): void {
  const { elements } = readingOf(known);
  for (const [at, element] of elements.entries()) {
    if (typeof element === 'string') expect(element).toBe(whole[at]);
    else expect(whole[at]?.startsWith((element as { prefix: string }).prefix)).toBe(true);
  }
}
