/**
 * The limits of the language, in one place. Past each of them an expression is refused with the code `limit`; nothing
 * is cut silently.
 */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly consequence: string;
}

const refused = 'the expression is refused';

export const limits = {
  expressionLength: { value: 262_144, unit: 'characters an expression or macro', consequence: refused },
  nesting: {
    value: 128,
    unit: 'levels of parentheses, unary operators, chained comparisons, or changes between && and ||',
    consequence: refused,
  },
  arithmeticTerms: { value: 128, unit: 'operands a chain of + - or of & | ^', consequence: refused },
  macroDepth: { value: 32, unit: 'macros inside macros', consequence: refused },
  expandedNesting: { value: 512, unit: 'levels an expression after its macros are put in', consequence: refused },
  expandedNodes: {
    value: 65_536,
    unit: 'tests an expression after its macros are put in',
    consequence: refused,
  },
  listMembers: { value: 16_384, unit: 'members a list', consequence: refused },
  patternLength: { value: 4_096, unit: 'bytes a string, pattern or path pattern', consequence: refused },
  regexpLength: { value: 1_024, unit: 'characters a regular expression', consequence: refused },
  regexpProgram: {
    value: 4_000,
    unit: 'instructions a compiled regular expression',
    consequence: refused,
  },
  regexpSearch: {
    value: 16_777_216,
    unit: 'bytes of a value times instructions of the regular expression searched in it',
    consequence: 'only the beginning of the value is searched; the answer is then unknown unless that decides it',
  },
  pathDepth: { value: 1_363, unit: 'segments a path literal', consequence: refused },
  pathSegment: { value: 255, unit: 'bytes a segment of a path literal', consequence: refused },
  registerElements: {
    value: 100,
    unit: 'elements an iterator that a register runs over',
    consequence: 'further elements are not looked at, as in the reference; the answer is then unknown unless true',
  },
  compiledRegexps: {
    value: 4_096,
    unit: 'compiled regular expressions kept',
    consequence: 'the oldest is compiled again when it is next used',
  },
} as const satisfies Record<string, Limit>;
