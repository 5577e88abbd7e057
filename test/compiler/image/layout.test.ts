/** The constants of the image against the only declaration of the border. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mostGuardLiterals, mostGuards } from '../../../src/compiler/image/guards.js';
import * as layout from '../../../src/compiler/image/layout.js';
import * as limits from '../../../src/compiler/limits.js';

const abi = readFileSync(new URL('../../../bpf/abi.h', import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

/** NAME = value of all enums. */
const constants = new Map(
  [...abi.matchAll(/\b(PC_[A-Z0-9_]+)\s*=\s*(0x[0-9a-f]+|\d+)/g)].map(([, name, value]) => [name!, Number(value)]),
);

const sizes: Record<string, number> = { __u8: 1, char: 1, __u16: 2, __u32: 4, __u64: 8 };

/** Offsets and size of a struct by the rules of C. */
function structOf(name: string): { offsets: Record<string, number>; size: number } {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(abi)![1]!;
  const offsets: Record<string, number> = {};
  let at = 0;
  let alignment = 1;
  for (const [, type, table, member, count] of body.matchAll(/(?:(__u\d+|char)|struct (\w+)) (\w+)(?:\[(\w+)\])?;/g)) {
    const size = type ? sizes[type]! : structOf(table!).size;
    const aligned = type ? size : 4;
    at = Math.ceil(at / aligned) * aligned;
    offsets[member!] = at;
    at += size * (count === undefined ? 1 : (constants.get(count) ?? Number(count)));
    alignment = Math.max(alignment, aligned);
  }
  return { offsets, size: Math.ceil(at / alignment) * alignment };
}

describe('layout of the image', () => {
  test('the header has the offsets of struct pc_header', () => {
    expect(structOf('pc_header').offsets).toEqual(layout.header);
  });

  test.each(Object.entries(layout.size))('struct %s has %i bytes', (name, size) => {
    expect(structOf(name).size).toBe(size);
  });

  test('members of the small structs stand where the writer puts them', () => {
    expect(structOf('pc_automaton').offsets).toEqual({ classes: 0, start: 4, end: 8, absent: 12, run: 16 });
    expect(structOf('pc_output').offsets).toEqual({ atom: 0, kind: 2, segment: 3, pattern: 4, length: 6 });
    expect(structOf('pc_integer').offsets).toEqual({ fact: 0, count: 4, mask: 8, points: 16, regions: 20 });
    expect(structOf('pc_clause').offsets).toEqual({ literals: 0, count: 4, rule: 6 });
    expect(structOf('pc_program').offsets).toEqual({ steps: 0, count: 4, rule: 6 });
    expect(structOf('pc_rule').offsets).toEqual({ flags: 0, signal: 1, reserved: 2 });
  });

  test.each([
    ['PC_ABI_VERSION', layout.ABI_VERSION],
    ['PC_IMAGE_MAGIC', layout.IMAGE_MAGIC],
    ['PC_STREAMS', layout.STREAMS],
    ['PC_STREAM_PATH', layout.stream.path],
    ['PC_STREAM_NAME', layout.stream.name],
    ['PC_STREAM_COMM', layout.stream.comm],
    ['PC_STREAM_ARGV0', layout.stream.argv0],
    ['PC_STREAM_ARGS', layout.stream.args],
    ['PC_STREAM_ENVS', layout.stream.envs],
    ['PC_STREAM_TTY', layout.stream.tty],
    ['PC_STREAM_CGROUP', layout.stream.cgroup],
    ['PC_STREAM_CONTAINER', layout.stream.container],
    ['PC_FACT_UID', layout.fact.uid],
    ['PC_FACT_GID', layout.fact.gid],
    ['PC_FACT_EUID', layout.fact.euid],
    ['PC_FACT_EGID', layout.fact.egid],
    ['PC_FACT_PID', layout.fact.pid],
    ['PC_FACT_PPID', layout.fact.ppid],
    ['PC_FACT_ARGS_TRUNCATED', layout.fact.argsTruncated],
    ['PC_FACT_FILE', layout.fileFacts],
    ['PC_FACT_FILE_UID', layout.fact.fileUid],
    ['PC_FACT_FILE_GID', layout.fact.fileGid],
    ['PC_FACT_FILE_MODE', layout.fact.fileMode],
    ['PC_FACT_FILE_INODE', layout.fact.fileInode],
    ['PC_SOURCE_STREAM', layout.source.stream],
    ['PC_SOURCE_INTERPRETER_PATH', layout.source.interpreterPath],
    ['PC_SOURCE_INTERPRETER_NAME', layout.source.interpreterName],
    ['PC_SOURCE_PARENT', layout.source.parent],
    ['PC_SOURCE_ANCESTORS', layout.source.ancestors],
    ['PC_SOURCE_FACT', layout.source.fact],
    ['PC_SOURCE_INTERPRETER_FACT', layout.source.interpreterFact],
    ['PC_ROW_EMITS', layout.ROW_EMITS],
    ['PC_LITERAL_NOT', layout.LITERAL_NOT],
    ['PC_OUTPUT_ATOM', layout.output.atom],
    ['PC_OUTPUT_SEGMENT', layout.output.segment],
    ['PC_OUTPUT_SEGMENT_LAST', layout.output.lastSegment],
    ['PC_OUTPUT_RESET', layout.output.reset],
    ['PC_OUTPUT_END', layout.output.end],
    ['PC_STEP_AND', layout.step.and],
    ['PC_STEP_OR', layout.step.or],
    ['PC_STEP_NOT', layout.step.not],
    ['PC_STEP_TRUE', layout.step.true],
    ['PC_STEP_FALSE', layout.step.false],
    ['PC_RULE_DENY', layout.ruleFlag.deny],
    ['PC_RULE_KILL', layout.ruleFlag.kill],
    ['PC_RULE_ENFORCE', layout.ruleFlag.enforce],
    ['PC_RULE_CANDIDATE', layout.ruleFlag.candidate],
    ['PC_RULE_UNKNOWN_ENFORCE', layout.ruleFlag.unknownEnforce],
    ['PC_EVENT_EXEC', layout.event.exec],
    ['PC_EVENT_EXIT', layout.event.exit],
    ['PC_ATOMS', limits.atoms.value],
    ['PC_RULES', limits.rules.value],
    ['PC_SEGMENT_PATTERNS', limits.segmentPatterns.value],
    ['PC_PROGRAM_DEPTH', limits.programDepth.value],
    ['PC_GUARDS', mostGuards],
    ['PC_GUARD_LITERALS', mostGuardLiterals],
  ])('%s', (name, value) => {
    expect(value).toBe(constants.get(name));
  });

  test('limits of what is kept in words', () => {
    expect(limits.cgroupAtoms.value).toBe(constants.get('PC_CGROUP_WORDS')! * 64);
    expect(limits.lineageBits.value).toBe(constants.get('PC_LINEAGE_WORDS')! * 64);
  });
});
