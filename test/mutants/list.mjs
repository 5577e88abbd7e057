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

/** Random process trees through all three engines. */
const trees = ['test/property/lineage.test.ts'];

/** @type {readonly Mutant[]} */
const kernel = [
  {
    file: 'bpf/walk.h',
    from: 'if (run >= wanted)\n\t\t\tbreak;',
    to: 'if (run > wanted)\n\t\t\tbreak;',
    breaks: 'a string just long enough for a pattern that counts is not walked',
    tests: ['test/kernel/run.test.ts'],
  },
  {
    file: 'bpf/decide.h',
    from: 'return (literal & PC_LITERAL_NOT) && value != UNKNOWN ? !value : value;',
    to: 'return (literal & PC_LITERAL_NOT) ? !value : value;',
    breaks: 'a negated literal about what was not read counts as false',
    tests: threeWay,
  },
  {
    file: 'src/compiler/image/guards.ts',
    from: 'if (guard.length === 0) return [];',
    to: 'if (guard.length === 0) continue;',
    breaks: 'the environment is left unread although a rule asks for it of any file',
    tests: ['test/compiler/image/guards.test.ts'],
  },
  {
    file: 'src/compiler/image/guards.ts',
    from: 'if (steps.some((value) => value < step.and && isOfEnvironment(value))) return [];',
    to: '',
    breaks: 'the environment is left unread although a boolean program asks for it',
    tests: ['test/compiler/image/guards.test.ts'],
  },
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
    from: 'if (flags & FEED_BEGIN) {',
    to: 'if (!(flags & FEED_ABSENT)) {',
    breaks: 'what lies across two pieces of the argument block is not found',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 's->positions[pass] += to - from;',
    to: 's->positions[pass] = to - from;',
    breaks: 'positions start anew in the third piece of the argument block',
    tests: threeWay,
  },
  {
    file: 'bpf/walk.h',
    from: 's->position = s->positions[pass] - from;',
    to: 's->position = -from;',
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

/** Parents, ancestors, cgroups and containers, in all engines. @type {readonly Mutant[]} */
const relatives = [
  {
    file: 'bpf/lineage.h',
    from: 'ancestors->yes[k] = set->ancestors.yes[k] | parent->yes[k];',
    to: 'ancestors->yes[k] = set->ancestors.yes[k];',
    breaks: 'the parent is no ancestor',
    tests: trees,
  },
  {
    file: 'bpf/lineage.h',
    from: '(set->ancestors.unknown[k] | parent->unknown[k]) & ~ancestors->yes[k];',
    to: 'set->ancestors.unknown[k] & ~ancestors->yes[k];',
    breaks: 'what is unknown of the parent is false of the ancestors',
    tests: trees,
  },
  {
    file: 'bpf/lineage.h',
    from: 'parent->unknown[k] = ancestors->unknown[k] = ~0ull;',
    to: 'parent->unknown[k] = ancestors->unknown[k] = 0;',
    breaks: 'a task of which nothing is known has no ancestors',
    tests: trees,
  },
  {
    file: 'bpf/lineage.h',
    from: 'put_atoms(s, first + k, parent.yes[k]);',
    to: 'put_atoms(s, first + k, ancestors.yes[k]);',
    breaks: 'rules about the parent hold for any ancestor',
    tests: trees,
  },
  {
    file: 'bpf/lineage.h',
    from: 'set->self.yes[k] = s->self.yes[k];',
    to: 'set->self.yes[k] |= s->self.yes[k];',
    breaks: 'what a task ran before its exec stays its program',
    tests: trees,
  },
  {
    file: 'bpf/decide.h',
    from: '? UNKNOWN : FALSE;',
    to: '? FALSE : FALSE;',
    breaks: 'lineage bits that are unknown count as false',
    tests: trees,
  },
  {
    file: 'bpf/decide.h',
    from: 's->self.yes[word] |= (s->stack & 1) << (bit & 63);',
    to: 's->self.yes[word] = (s->self.yes[word] & ~(1ull << (bit & 63))) | (s->stack & 1) << (bit & 63);',
    breaks: 'of a script only the last interpreter counts for what it starts',
    tests: trees,
  },
  {
    file: 'bpf/decide.h',
    from: 'm->s->self.yes[k] = m->s->self.unknown[k] = 0;',
    to: 'm->s->self.unknown[k] = 0;',
    breaks: 'a program has the lineage bits of the one that was decided before',
    tests: trees,
  },
  {
    file: 'bpf/container.h',
    from: 'if (s->digits_dash == 32 && s->above_hex == 32)',
    to: 'if (s->digits_dash == 32)',
    breaks: 'a number behind 32 digits is a container wherever it stands',
    tests: ['test/kernel/container.test.ts'],
  },
  {
    file: 'src/compiler/interpret.ts',
    from: "return atoms.has(atom + lineageWords * 64) ? 'unknown' : false;",
    to: "return 'unknown';",
    breaks: 'one unknown lineage bit makes all others unknown',
    tests: trees,
  },
  {
    file: 'src/compiler/numbering.ts',
    from: '{ parent: 0, ancestors: 2 }',
    to: '{ parent: 2, ancestors: 0 }',
    breaks: 'rules about the parent read the bits of ancestors, and the other way round',
    tests: trees,
  },
  {
    file: 'src/compiler/lower.ts',
    from: ': test.of;',
    to: ": 'relatives';",
    breaks: '`parent is a or some ancestor is b` is asked of the parent alone',
    tests: ['test/compiler/lineage.test.ts', ...trees],
  },
  {
    file: 'src/compiler/lower.ts',
    from: 'for (const reason of found.reasons) this.reasons.add(reason);',
    to: '',
    breaks: 'a rule of which the kernel tests only a part of what it says of an ancestor counts as decided there',
    tests: ['test/compiler/lineage.test.ts', ...trees],
  },
  {
    file: 'src/compiler/one-ancestor.ts',
    from: "return (expression.node === 'and') === (sign === 'is') ?",
    to: "return expression.node === 'and' ?",
    breaks: 'the negation of a conjunction is a conjunction',
    tests: trees,
  },
  {
    file: 'src/compiler/one-ancestor.ts',
    from: 'return { ofOne: [signed(own, sign)], rest: [] };',
    to: 'return { ofOne: [own], rest: [] };',
    breaks: 'what must not hold of an ancestor must hold of it',
    tests: trees,
  },
  {
    file: 'src/compiler/one-ancestor.ts',
    from: '({ ofOne: [...one.ofOne, ...ofOne], rest: [...one.rest, ...rest] })',
    to: '({ ofOne: [...one.ofOne, ...ofOne], rest: one.rest })',
    breaks: 'beside conditions on one ancestor some of what the rule says is lost',
    tests: trees,
  },
  {
    file: 'src/compiler/relatives.ts',
    from: "return { node: 'not', operand: { node: 'flag', field: ownUse(unit.field) } };",
    to: "return { node: 'flag', field: ownUse(unit.field) };",
    breaks: '`false` of an ancestor is `true`',
    tests: trees,
  },
  {
    file: 'src/compiler/relatives.ts',
    from: 'whose.some((one) => one !== whose[0])',
    to: 'false',
    breaks: 'an ancestor is compared with itself where it should be with the process',
    tests: ['test/compiler/lineage.test.ts'],
  },
  {
    file: 'src/compiler/fields.ts',
    from: "field.stream !== 'comm'",
    to: 'true',
    breaks: 'the name of a task is taken for one that only an exec changes',
    tests: ['test/compiler/lineage.test.ts'],
  },
  {
    file: 'src/compiler/fields.ts',
    from: "text('container', 'value', 'cgroup')",
    to: "text('cgroup', 'value', 'cgroup')",
    breaks: 'the path of the cgroup is taken for the id of the container',
    tests: ['test/compiler/containers.test.ts', ...threeWay],
  },
  {
    file: 'src/compiler/compile.ts',
    from: '(conditions.length > 0 ? event.exec : 0)',
    to: '0',
    breaks: 'after a swap nobody knows what live processes ran',
    tests: ['test/compiler/lineage.test.ts'],
  },
  {
    file: 'src/secl/evaluate.ts',
    from: "element: unknownElement } }) === false ? false : 'unknown';",
    to: "element: unknownElement } }) === false ? 'unknown' : 'unknown';",
    breaks: 'a rule that no ancestor could make true is unknown where some ancestor is',
    tests: ['test/secl/truncated.test.ts', ...trees],
  },
  {
    file: 'src/secl/value.ts',
    from: 'const elements = readings.flatMap((reading) => reading.elements);',
    to: 'const elements = readings[0]!.elements;',
    breaks: 'a script above the process is not there as its interpreter',
    tests: ['test/secl/value.test.ts', ...trees],
  },
  {
    file: 'src/events/record-event.ts',
    from: 'return { elements: views.map(elementOf), complete };',
    to: 'return { elements: views.slice(0, ancestors.length).map(elementOf), complete };',
    breaks: 'in user space a script above the process is not there as its interpreter',
    tests: ['test/events/record-event.test.ts'],
  },
];

/** In the order in which they are tried. */
export const mutants = [...kernel, ...compiler, ...evaluator, ...relatives];
