/** The limits of the compiler, each with its unit and what happens past it. `portcullis limits` prints them. */
export interface Limit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly consequence: string;
}

const userSpace = 'the rule is decided in user space and the plan says so';

export const clausesPerRule: Limit = {
  name: 'clauses of a rule',
  value: 64,
  unit: 'clauses',
  consequence: 'the rule becomes a boolean program',
};

export const literalsPerClause: Limit = {
  name: 'literals of a clause',
  value: 32,
  unit: 'literals',
  consequence: 'the rule becomes a boolean program',
};

export const writtenOut: Limit = {
  name: 'tests of a rule, counted once for each time they are written out in `(a) == (b)`',
  value: 4096,
  unit: 'tests',
  consequence: 'the comparison is decided in user space and the plan says so',
};

export const programDepth: Limit = {
  name: 'stack of a boolean program',
  value: 64,
  unit: 'values',
  consequence: userSpace,
};

export const programSteps: Limit = {
  name: 'length of a boolean program',
  value: 4096,
  unit: 'steps',
  consequence: userSpace,
};

export const imageSteps: Limit = {
  name: 'boolean programs of an image together',
  value: 65_536,
  unit: 'steps',
  consequence: userSpace,
};

export const alwaysClauses: Limit = {
  name: 'clauses of an image without a positive test (allowlists)',
  value: 1024,
  unit: 'clauses',
  consequence: userSpace,
};

export const clauses: Limit = {
  name: 'clauses of an image',
  value: 65_536,
  unit: 'clauses',
  consequence: userSpace,
};

export const atoms: Limit = {
  name: 'atoms of an image, the padding of file and interpreter atoms included',
  value: 16_384,
  unit: 'atoms',
  consequence: userSpace,
};

export const rules: Limit = {
  name: 'exec rules of an image',
  value: 16_384,
  unit: 'rules',
  consequence: 'nothing is compiled',
};

export const cgroupAtoms: Limit = {
  name: 'tests of cgroup.id and container.id of an image',
  value: 256,
  unit: 'tests',
  consequence: userSpace,
};

export const lineageBits: Limit = {
  name: 'conditions on parents and ancestors of an image, the same one of both counted once',
  value: 256,
  unit: 'conditions',
  consequence: userSpace,
};

export const ancestorCases: Limit = {
  name: 'cases that a rule about one same ancestor (`process.ancestors[A]`) falls into',
  value: 64,
  unit: 'cases',
  consequence: userSpace,
};

export const segmentPatterns: Limit = {
  name: 'patterns of several pieces (~"*a*b*") of an image',
  value: 1024,
  unit: 'patterns',
  consequence: 'further ones are compiled like path globs, into the automata below',
};

export const segmentsPerPattern: Limit = {
  name: 'pieces of a pattern',
  value: 255,
  unit: 'pieces',
  consequence: 'the pattern is compiled like a path glob',
};

export const wordLength: Limit = {
  name: 'length of a string or of a piece of a pattern',
  value: 65_000,
  unit: 'bytes',
  consequence: userSpace,
};

export const matcherStates: Limit = {
  name: 'automaton of one path glob or regular expression',
  value: 4096,
  unit: 'states',
  consequence: userSpace,
};

export const groupStates: Limit = {
  name: 'automaton of a group of path globs and regular expressions',
  value: 4096,
  unit: 'states',
  consequence: 'another group is begun',
};

export const joinedBytes: Limit = {
  name: 'automaton of several that are walked in one pass',
  value: 512 * 1024,
  unit: 'bytes',
  consequence: 'another pass is begun',
};

export const patternWork: Limit = {
  name: 'work for the path globs and regular expressions of a ruleset',
  value: 6_000_000,
  unit: 'transitions',
  consequence: userSpace,
};

export const passesPerStream: Limit = {
  name: 'automata that read one stream',
  value: 8,
  unit: 'automata',
  consequence: userSpace,
};

export const integerTables: Limit = {
  name: 'integer fields of an image, counted once for each mask',
  value: 256,
  unit: 'tables',
  consequence: userSpace,
};

export const integerPoints: Limit = {
  name: 'constants that one integer field is compared with',
  value: 16_384,
  unit: 'constants',
  consequence: userSpace,
};

export const outputsPerState: Limit = {
  name: 'tests that one byte can decide at once',
  value: 4096,
  unit: 'outputs',
  consequence: 'nothing is compiled',
};

export const imageBytes: Limit = {
  name: 'size of an image',
  value: 64 * 1024 * 1024,
  unit: 'bytes',
  consequence: 'nothing is compiled',
};

export const compilerLimits: readonly Limit[] = [
  rules,
  atoms,
  clausesPerRule,
  literalsPerClause,
  writtenOut,
  clauses,
  alwaysClauses,
  programDepth,
  programSteps,
  imageSteps,
  cgroupAtoms,
  lineageBits,
  ancestorCases,
  segmentPatterns,
  segmentsPerPattern,
  wordLength,
  matcherStates,
  groupStates,
  joinedBytes,
  patternWork,
  passesPerStream,
  integerTables,
  integerPoints,
  outputsPerState,
  imageBytes,
];
