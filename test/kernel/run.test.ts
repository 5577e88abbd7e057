/** An automaton that says nothing of short strings is not walked over them, and is over all others wherever they lie. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { compile } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';
import { KernelMatcher, whyNoMatcher } from './matcher.js';

const why = whyNoMatcher();
if (why !== undefined) console.log(`skipped: ${why}`);

const text = `version: 1.0.0
rules:
  - id: long
    expression: exec.args =~ r"[48][a-z]{93}"
`;
const { image } = compile(loadPolicies([{ file: 'run.policy', text }]));

const whole = (bytes: string) => ({ bytes, complete: true });

describe.skipIf(why !== undefined)('strings about as long as a pattern asks for', () => {
  let matcher: KernelMatcher;
  beforeAll(() => {
    matcher = KernelMatcher.load();
  });
  afterAll(() => matcher.close());

  const holds = (args: readonly string[]) => {
    const strings = ['argv0', ...args];
    return (
      matcher.decide(image, {
        levels: [{ path: whole('/a'), name: whole('a'), facts: {} }],
        last: 'program',
        facts: {},
        block: { argc: strings.length, envc: 0, bytes: strings.map((string) => `${string}\0`).join('') },
      }).true.length > 0
    );
  };

  test('the automaton asks for a run of words', () => {
    expect(new ImageReader(image).automata.get('args')!.map(({ run }) => run)).toEqual([10]);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('%i bytes behind the border of a word', (offset) => {
    const before = offset === 0 ? [] : ['b'.repeat(offset - 1)];
    for (const behind of [[], ['c'], ['4', 'd'.repeat(90)]]) {
      expect(holds([...before, `4${'a'.repeat(92)}`, ...behind]), 'one byte short').toBe(false);
      expect(holds([...before, `4${'a'.repeat(93)}`, ...behind]), 'just long enough').toBe(true);
      expect(holds([...before, `zz4${'a'.repeat(99)}`, ...behind]), 'longer').toBe(true);
    }
  });

  test('two halves are no whole', () => {
    expect(holds(['4', 'a'.repeat(93)])).toBe(false);
    expect(holds([`4${'a'.repeat(46)}`, 'a'.repeat(47)])).toBe(false);
  });

  test('behind a hundred short ones, and before them', () => {
    const short = Array.from({ length: 100 }, (_, n) => `--option-${n}`);
    expect(holds(short)).toBe(false);
    expect(holds([...short, `8${'q'.repeat(93)}`])).toBe(true);
    expect(holds([`8${'q'.repeat(93)}`, ...short])).toBe(true);
  });

  test.each([8000, 20_000, 100_000])('in a block of %i bytes, which is read in pieces', (bytes) => {
    const filler = Array.from({ length: Math.floor(bytes / 50) }, () => 'f'.repeat(49));
    expect(holds(filler)).toBe(false);
    for (const at of [0, Math.floor(filler.length / 2), filler.length]) {
      expect(holds([...filler.slice(0, at), `4${'a'.repeat(93)}`, ...filler.slice(at)])).toBe(true);
    }
  });
});
