/** What the compiler believes of the border, against what the built kernel programs declare in their BTF. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as compiled from '../../src/compiler/image/layout.js';
import * as limits from '../../src/compiler/limits.js';
import { type Abi, readAbi } from '../../src/kernel/abi.js';
import { BpfObject, type Layout } from '../../src/kernel/addon.js';
import { SessionError } from '../../src/kernel/errors.js';
import { capacityFor, largestCapacity } from '../../src/kernel/programs.js';

/** The layout of a built object; needs no privilege, nothing is loaded. */
function layoutOf(name: string): Layout {
  const path = fileURLToPath(new URL(`../../build/bpf/${name}.bpf.o`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  const object = BpfObject.open(path, { programs: [] });
  try {
    return object.layout();
  } finally {
    object.close();
  }
}

/** PC_STREAM_ARGV0 of prefix PC_STREAM_ as argv0, PC_FACT_FILE_UID as fileUid. */
function camelCase(member: string, prefix: string): string {
  return member
    .slice(prefix.length)
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function members(layout: Layout, enumeration: string, prefix: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(layout.enumeration(enumeration)).map(([member, value]) => [
      camelCase(member, prefix),
      Number(value),
    ]),
  );
}

describe.each(['exec', 'matcher'])('%s.bpf.o', (name) => {
  const layout = layoutOf(name);
  const abi: Abi = readAbi(layout);
  const limit = (member: string) => abi.number('pc_limit', member);

  test('the structs that the compiler writes have its sizes, and it knows every field of the header', () => {
    for (const [struct, size] of Object.entries(compiled.size))
      expect([struct, layout.struct(struct).size]).toEqual([struct, size]);
    const offsets = [...layout.struct('pc_header').fields.values()].map(({ name, offset }) => [name, offset]);
    expect(Object.fromEntries(offsets)).toEqual(compiled.header);
  });

  test('the fields of the tables lie where the writer puts them', () => {
    const places = (struct: string) =>
      [...layout.struct(struct).fields.values()]
        .map(({ name, offset, size }) => `${name} ${offset}+${size}`)
        .join(', ');
    expect(places('pc_table')).toBe('offset 0+4, count 4+4');
    expect(places('pc_automaton')).toBe('classes 0+4, start 4+4, end 8+4, absent 12+4, run 16+4');
    expect(places('pc_output')).toBe('atom 0+2, kind 2+1, segment 3+1, pattern 4+2, length 6+2');
    expect(places('pc_integer')).toBe('fact 0+4, count 4+4, mask 8+8, points 16+4, regions 20+4');
    expect(places('pc_clause')).toBe('literals 0+4, count 4+2, rule 6+2');
    expect(places('pc_program')).toBe('steps 0+4, count 4+2, rule 6+2');
    expect(places('pc_rule')).toBe('flags 0+1, signal 1+1, reserved 2+2');
  });

  test('streams, facts and sources have the same numbers', () => {
    expect(members(layout, 'pc_stream', 'PC_STREAM_')).toEqual(compiled.stream);
    const { file, ...facts } = members(layout, 'pc_fact', 'PC_FACT_');
    expect(facts).toEqual(compiled.fact);
    expect(file).toBe(compiled.fileFacts);
    expect(members(layout, 'pc_source', 'PC_SOURCE_')).toEqual(compiled.source);
  });

  test('steps, outputs, literals and flags have the same numbers', () => {
    expect(members(layout, 'pc_step', 'PC_STEP_')).toEqual(compiled.step);
    const { segmentLast, ...outputs } = members(layout, 'pc_output_kind', 'PC_OUTPUT_');
    expect({ ...outputs, lastSegment: segmentLast }).toEqual(compiled.output);
    expect(members(layout, 'pc_literal', 'PC_LITERAL_')).toEqual({ not: compiled.LITERAL_NOT });
    expect(members(layout, 'pc_row', 'PC_ROW_')).toEqual({ emits: compiled.ROW_EMITS });
    expect(members(layout, 'pc_rule_flag', 'PC_RULE_')).toEqual(compiled.ruleFlag);
    expect(members(layout, 'pc_magic', 'PC_')).toEqual({ imageMagic: compiled.IMAGE_MAGIC });
    expect(members(layout, 'pc_version', 'PC_')).toEqual({ abiVersion: compiled.ABI_VERSION });
  });

  test('the compiler stops where the room in the kernel ends', () => {
    expect(limit('PC_STREAMS')).toBe(compiled.STREAMS);
    expect(limit('PC_ATOMS')).toBe(limits.atoms.value);
    expect(limit('PC_RULES')).toBe(limits.rules.value);
    expect(limit('PC_SEGMENT_PATTERNS')).toBe(limits.segmentPatterns.value);
    expect(limit('PC_PROGRAM_DEPTH')).toBe(limits.programDepth.value);
    expect(limit('PC_ATOM_WORDS') * 64).toBe(limit('PC_ATOMS'));
    expect(limit('PC_RULE_WORDS') * 64).toBe(limit('PC_RULES'));
    expect(limit('PC_SUMMARY_WORDS') * 64).toBe(limit('PC_ATOM_WORDS'));
    expect(Math.max(...Object.values(compiled.fact))).toBeLessThan(limit('PC_FACTS'));
    expect(capacityFor(limits.imageBytes.value)).toBeLessThanOrEqual(largestCapacity);
  });

  test('scratch memory has room for what the limits allow', () => {
    const scratch = layout.struct('scratch').fields;
    expect(scratch.get('rows')?.count).toBe(limits.passesPerStream.value);
    expect(scratch.get('progress')?.count).toBe(limits.segmentPatterns.value);
    expect(scratch.get('atoms')?.count).toBe(limit('PC_ATOM_WORDS'));
    expect(scratch.get('holds')?.count).toBe(limit('PC_RULE_WORDS'));
    expect(scratch.get('unknown')?.count).toBe(limit('PC_RULE_WORDS'));
    expect(scratch.get('facts')?.count).toBe(limit('PC_FACTS'));
    // A bit of the stack for each value of a boolean program.
    expect(scratch.get('stack')!.size * 8).toBe(limits.programDepth.value);
    // A number of a piece, and of its pattern, fits into an output.
    const output = layout.struct('pc_output').fields;
    expect(limits.segmentsPerPattern.value).toBeLessThan(2 ** (8 * output.get('segment')!.size));
    expect(limits.wordLength.value).toBeLessThan(2 ** (8 * output.get('length')!.size));
  });
});

test('all objects declare one border', () => {
  const [exec, matcher] = [layoutOf('exec'), layoutOf('matcher')];
  const shape = (layout: Layout, struct: string) => [...layout.struct(struct).fields.values()];
  for (const struct of ['pc_record', 'pc_header', 'scratch'])
    expect(shape(exec, struct)).toEqual(shape(matcher, struct));
});

describe('an object of another border is refused', () => {
  const layout = layoutOf('matcher');

  /** The layout with one thing changed. */
  function changed(change: {
    readonly enumeration?: [string, string, bigint];
    readonly size?: [string, number];
  }): Layout {
    return {
      ...layout,
      struct: (name: string) => {
        const struct = layout.struct(name);
        return change.size?.[0] === name ? { ...struct, size: change.size[1] } : struct;
      },
      enumeration: (name: string) => {
        const found = layout.enumeration(name);
        return change.enumeration?.[0] === name ? { ...found, [change.enumeration[1]]: change.enumeration[2] } : found;
      },
      variable: (name: string) => layout.variable(name),
    } as Layout;
  }

  test.each([
    ['another version', changed({ enumeration: ['pc_version', 'PC_ABI_VERSION', 99n] })],
    ['a longer clause', changed({ size: ['pc_clause', 12] })],
  ])('%s', (_, other) => {
    expect(() => readAbi(other)).toThrow(SessionError);
  });
});
