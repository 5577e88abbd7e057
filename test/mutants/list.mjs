// One-line edits that break something. `npm run mutants` applies each to a copy of the checkout and expects a test to notice.

/**
 * @typedef {object} Mutant
 * @property {string} file
 * @property {string} from occurs once in the file
 * @property {string} to
 * @property {string} breaks what goes wrong with it
 * @property {readonly string[]} tests the files in which a test must fail
 */

/** Random rulesets through all three engines. */
const threeWay = ['test/property/three-way.test.ts'];

/** @type {readonly Mutant[]} */
const kernel = [
  {
    file: 'bpf/walk.h',
    from: 'if (segment != next || position < end + length)',
    to: 'if (segment != next || position + length < end)',
    breaks: 'pieces of a pattern may overlap',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 's->epochs[s->pass & (PASSES - 1)] = ++s->epoch;',
    to: 's->epoch++;',
    breaks: 'the pieces of a pattern may lie in different arguments',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 'if (f->flags & FEED_BEGIN) {',
    to: 'if (!(f->flags & FEED_ABSENT)) {',
    breaks: 'what lies across two pieces of the argument block is not found',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 's->positions[pass] += f->to - f->from;',
    to: 's->positions[pass] = f->to - f->from;',
    breaks: 'positions start anew in the third piece of the argument block',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 's->position = s->positions[pass] - f->from;',
    to: 's->position = -f->from;',
    breaks: 'positions start anew in every piece of the argument block',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 'if (end & PC_ROW_EMITS) {',
    to: 'if (0) {',
    breaks: 'patterns that end with the value never match',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 'if ((s64)image_u64(m->image, s->points + middle * 8) < s->number)',
    to: 'if (image_u64(m->image, s->points + middle * 8) < (u64)s->number)',
    breaks: 'negative integers are compared as large ones',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 'if (!(s->known & (1ull << (PC_SOURCE_FACT + fact))))',
    to: 'if (0)',
    breaks: 'integers that are not known are tested',
    tests: threeWay,
  },
  {
    file: 'bpf/block.h',
    from: 'u64 zeros = ~(((word & low7) + low7) | word | low7);',
    to: 'u64 zeros = ~(((word & low7) + low7) | low7);',
    breaks: 'a byte 0x80 ends an argument',
    tests: threeWay,
  },
  {
    file: 'bpf/block.h',
    from: 'if (found >= left)',
    to: 'if (found > left)',
    breaks: 'the end of the arguments is missed when it lies in a word with nothing behind it',
    tests: threeWay,
  },
  {
    file: 'bpf/block.h',
    from: 's->total > PC_HEAD_BYTES;',
    to: 's->total >= PC_HEAD_BYTES;',
    breaks: 'arguments that just fit into a record count as truncated',
    tests: threeWay,
  },
  {
    file: 'bpf/block.h',
    from: 's->at = s->fill = CHUNK;',
    to: 's->fill = CHUNK;',
    breaks: 'from the second piece on nothing is read',
    tests: threeWay,
  },
  {
    file: 'bpf/views.h',
    from: 'else if (s->native)',
    to: 'else',
    breaks: 'a script whose interpreter is not known counts as a program without interpreter',
    tests: threeWay,
  },
  {
    file: 'bpf/views.h',
    from: 'if (i >= image_header(v->m.image)->file_words)',
    to: 'if (i > image_header(v->m.image)->file_words)',
    breaks: 'a script is taken for its own interpreter',
    tests: threeWay,
  },
  {
    file: 'bpf/views.h',
    from: 'apply_list(m, image_header(m->image)->absent_interpreter);',
    to: '',
    breaks: 'rules that ask for no interpreter never hold',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'if ((literal & PC_LITERAL_NOT) && value != UNKNOWN)',
    to: 'if (literal & PC_LITERAL_NOT)',
    breaks: 'the negation of what is not known is false',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'f = f1 | f2;',
    to: 'f = f1 & f2;',
    breaks: 'a conjunction in a boolean program is unknown where one operand settles it',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'if (s->stage != PC_STAGE_REFUSE && (h->sources & ~(s->known | s->interpreter_known))) {',
    to: 'if (0) {',
    breaks: 'a rule that hangs on an unread byte is false',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'if (!(flags & PC_RULE_UNKNOWN_ENFORCE))',
    to: 'if (1)',
    breaks: 'on_unknown: enforce does nothing',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'if (!(flags & PC_RULE_ENFORCE) || (flags & PC_RULE_CANDIDATE))',
    to: 'if (flags & PC_RULE_CANDIDATE)',
    breaks: 'rules in mode monitor are enforced',
    tests: threeWay,
  },
  {
    file: 'bpf/decide.h',
    from: 'bpf_loop((image_header(m->image)->atom_words + 15) / 16, clear_atoms_step, m, 0);',
    to: 'bpf_loop(image_header(m->image)->atom_words / 16, clear_atoms_step, m, 0);',
    breaks: 'what held at the last exec holds at the next',
    tests: threeWay,
  },
];

/** @type {readonly Mutant[]} */
const compiler = [
  {
    file: 'src/compiler/triggers.ts',
    from: 'if (literal % 2 === 1) continue;',
    to: '',
    breaks: 'a clause is tried only when a test that must fail has held',
    tests: threeWay,
  },
  {
    file: 'src/compiler/clauses.ts',
    from: '[...shorter].every((literal)',
    to: '[...shorter].some((literal)',
    breaks: 'clauses that share a literal are dropped',
    tests: threeWay,
  },
  {
    file: 'src/compiler/program.ts',
    from: 'literal % 2 === 0 ? [atom] : [atom, step.not]',
    to: '[atom]',
    breaks: 'boolean programs forget negations',
    tests: threeWay,
  },
  {
    file: 'src/compiler/lower.ts',
    from: "'<': '>', '<=': '>='",
    to: "'<': '<', '<=': '>='",
    breaks: '`5 < exec.uid` is read as `exec.uid < 5`',
    tests: threeWay,
  },
  {
    file: 'src/compiler/fields.ts',
    from: 'const permissions = 0o7777n;',
    to: 'const permissions = 0o777n;',
    breaks: 'file.rights has no setuid bit',
    tests: threeWay,
  },
  {
    file: 'src/compiler/compile.ts',
    from: "test.kind === 'integer' ? holds(test.relation, 0n)",
    to: "test.kind === 'integer' ? false",
    breaks: 'the numbers of an interpreter that is not there are not zero',
    tests: threeWay,
  },
  {
    file: 'src/compiler/automata/words-of.ts',
    from: "if (!value.startsWith('-')) texts.push",
    to: 'texts.push',
    breaks: '`--name -x` is read as the option name=-x',
    tests: threeWay,
  },
  {
    file: 'src/compiler/automata/words-of.ts',
    from: "at === 0 && anchoredStart ? 'at-beginning' : 'anywhere',",
    to: "'anywhere',",
    breaks: 'the beginning of a pattern may lie anywhere',
    tests: threeWay,
  },
  {
    file: 'src/compiler/automata/glob.ts',
    from: 'if (token === STAR && byte !== SLASH)',
    to: 'if (token === STAR)',
    breaks: 'the star of a path pattern crosses slashes',
    tests: threeWay,
  },
  {
    file: 'src/compiler/automata/arguments.ts',
    from: 'return symbol === DASH ? silent(at(DASHED)) : goOn(state, symbol);',
    to: 'return goOn(state, symbol);',
    breaks: 'a pattern on args_options takes the next option for a value',
    tests: threeWay,
  },
  {
    file: 'src/compiler/automata/reader.ts',
    from: "absent: !blocks && machine.accepts(machine.start) ? 'matches' : 'does-not-match',",
    to: "absent: machine.accepts(machine.start) ? 'matches' : 'does-not-match',",
    breaks: 'a pattern matches an element of an empty list',
    tests: threeWay,
  },
];

/** @type {readonly Mutant[]} */
const evaluator = [
  {
    file: 'src/secl/truth.ts',
    from: 'if (truth === false) return false;',
    to: 'if (truth === false) result = false;',
    breaks: '`unknown && false` may be unknown',
    tests: ['test/secl/truth.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/evaluate.ts',
    from: "return found === false && !complete ? 'unknown' : found;",
    to: 'return found;',
    breaks: 'an array that was cut counts as whole',
    tests: ['test/secl/truncated.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/matcher.ts',
    from: 'return !matcher.anchoredEnd && matcher.segments.length > 0;',
    to: 'return matcher.segments.length > 0;',
    breaks: 'a pattern with an end matches where the end is not known',
    tests: ['test/secl/truncated.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/wildcard.ts',
    from: 'return from <= to;',
    to: 'return true;',
    breaks: 'the pieces of a pattern may overlap at the end',
    tests: ['test/secl/wildcard.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/glob.ts',
    from: 'segments.length > glob.before.length &&',
    to: 'segments.length >= glob.before.length &&',
    breaks: '/a/** matches /a',
    tests: ['test/secl/glob.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/arguments.ts',
    from: "if (next === undefined || next.startsWith('-')) continue;",
    to: 'if (next === undefined) continue;',
    breaks: 'an option takes the next option for its value',
    tests: ['test/secl/arguments.test.ts', ...threeWay],
  },
  {
    file: 'src/secl/utf8.ts',
    from: 'if (byte === 0xe0) return [3, 0xa0, 0xbf];',
    to: 'if (byte === 0xe0) return [3, 0x80, 0xbf];',
    breaks: 'overlong encodings are taken for characters',
    tests: ['test/secl/utf8.test.ts', ...threeWay],
  },
];

/** In the order in which they are tried. */
export const mutants = [...kernel, ...compiler, ...evaluator];
