/** What bpf/abi.h declares of the policy image. test/compiler/image/layout.test.ts compares the two. */

export const ABI_VERSION = 4;
export const IMAGE_MAGIC = 0x4d494350;
export const STREAMS = 10;
/** Bytes of a class map, and what its offset is a multiple of. */
export const CLASS_MAP_BYTES = 256;

/** Numbers of the streams. */
export const stream = {
  path: 0,
  name: 1,
  comm: 2,
  argv0: 3,
  args: 4,
  envs: 5,
  tty: 6,
  cgroup: 7,
  container: 8,
} as const;
export type StreamName = keyof typeof stream;
export const streamNames = Object.keys(stream) as readonly StreamName[];

/** Numbers of the integer facts; those from `fileFacts` on belong to each level's file. */
export const fact = {
  uid: 0,
  gid: 1,
  euid: 2,
  egid: 3,
  pid: 4,
  ppid: 5,
  argsTruncated: 6,
  fileUid: 16,
  fileGid: 17,
  fileMode: 18,
  fileInode: 19,
} as const;
export type FactName = keyof typeof fact;
export const fileFacts = 16;

/** First bits of the kinds of source. */
export const source = {
  stream: 0,
  interpreterPath: 10,
  interpreterName: 11,
  parent: 12,
  ancestors: 13,
  fact: 16,
  interpreterFact: 48,
} as const;

export const ROW_EMITS = 1;
export const LITERAL_NOT = 0x8000;
export const output = { atom: 0, segment: 1, lastSegment: 2, reset: 3, end: 128 } as const;
export const step = { and: 0x8000, or: 0x8001, not: 0x8002, true: 0x8003, false: 0x8004 } as const;
export const ruleFlag = { deny: 1, kill: 2, enforce: 4, candidate: 8, unknownEnforce: 16 } as const;

/** What a record is about; as bits, what user space wants to see although no rule in the kernel asks for it. */
export const event = { exec: 1, exit: 2 } as const;

/** Byte offsets in struct pc_header. A table is an offset and a count, 4 bytes each. */
export const header = {
  magic: 0,
  version: 4,
  size: 8,
  streams: 12,
  sources: 16,
  file_words: 24,
  interpreter_words: 28,
  atom_words: 32,
  rule_words: 36,
  segment_patterns: 40,
  always: 44,
  automata: 48,
  integers: 128,
  clauses: 136,
  triggers: 144,
  atom_sources: 152,
  programs: 160,
  rules: 168,
  absent_interpreter: 176,
  events: 180,
  cgroup_word: 184,
  cgroup_words: 188,
  lineage_word: 192,
  lineage_words: 196,
  lineage: 200,
  environment_guards: 208,
} as const;

/** Bytes of the structs. */
export const size = {
  pc_header: 216,
  pc_table: 8,
  pc_automaton: 20,
  pc_output: 8,
  pc_integer: 24,
  pc_clause: 8,
  pc_program: 8,
  pc_rule: 4,
  pc_guard_list: 8,
} as const;
