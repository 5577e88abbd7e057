/**
 * SECL expressions to formulas over the tests that the kernel can make. What it cannot make is taken for true, so that the
 * formula holds at least where the rule does, and the reason is kept: such a rule is only a candidate.
 */
import type { Comparison, Expression, Matcher, Term } from '../secl/index.js';
import { holds } from '../secl/integer.js';
import { kernelField, notRead, type Relative } from './fields.js';
import { always, combine, type Formula, type Literal, never } from './formula.js';
import { writtenOut } from './limits.js';
import { casesOf } from './one-ancestor.js';
import { subjectOf, type Unit } from './relatives.js';
import { constantOf, type MaskedField, maskedField } from './terms.js';
import {
  integerTest,
  type LineageTest,
  lineageCondition,
  lineageTest,
  type Relation,
  type Test,
  type TextTest,
  textTest,
} from './tests.js';

export interface Lowered {
  readonly formula: Formula;
  /** Why the formula is only necessary; empty when it is the rule. In the order of the expression, none twice. */
  readonly reasons: readonly string[];
}

type Sign = Literal['sign'];

/** Lowers a rule's expression. `rejected`: tests that were tried and did not fit, by key, with the reason. */
export function lower(expression: Expression, rejected: ReadonlyMap<string, string>): Lowered {
  const lowering = new Lowering(rejected);
  const formula = lowering.lower(expression, 'is');
  return { formula, reasons: [...lowering.reasons] };
}

class Lowering {
  readonly reasons = new Set<string>();
  private readonly sizes = new Map<Expression, number>();

  constructor(private readonly rejected: ReadonlyMap<string, string>) {}

  lower(expression: Expression, sign: Sign): Formula {
    switch (expression.node) {
      case 'constant':
        return expression.value === (sign === 'is') ? always : never;
      case 'not':
        return this.lower(expression.operand, opposite(sign));
      case 'and':
      case 'or': {
        const kind = (expression.node === 'and') === (sign === 'is') ? 'and' : 'or';
        return combine(
          kind,
          this.union(
            kind,
            expression.operands.map((operand) => this.lower(operand, sign)),
          ),
        );
      }
      case 'equivalent': {
        const { left, right } = expression;
        // Each side is written out twice, so that comparisons inside comparisons would double again and again.
        if (this.size(expression) > writtenOut.value) {
          return this.undecided(`comparing truths makes it more than ${writtenOut.value} tests`);
        }
        const both = [this.lower(left, 'is'), this.lower(right, sign)];
        const neither = [this.lower(left, 'is-not'), this.lower(right, opposite(sign))];
        return combine('or', [combine('and', both), combine('and', neither)]);
      }
      case 'match':
      case 'flag':
      case 'unset':
      case 'member':
      case 'compare':
        return this.unit(expression, sign);
      case 'variable':
        return this.undecided(`the variable ${expression.variable.name} lives in user space`);
      case 'age':
        return this.undecided('it depends on an age');
      case 'text':
      case 'text-match':
        return this.undecided('a string is put together or compared with another field or a variable');
      case 'ip':
        return this.undecided('it is about a network address');
      case 'some':
        if (expression.iterator !== 'process.ancestors' || sign === 'is-not') {
          return this.undecided(`it looks for one of ${expression.iterator}`);
        }
        return this.oneAncestor(expression.body);
    }
  }

  private unit(unit: Unit, sign: Sign): Formula {
    const subject = subjectOf(unit);
    switch (subject.subject) {
      case 'own':
        return this.own(unit, sign);
      case 'relative':
        return this.relative(subject.of, subject.expression, sign);
      case 'undecided':
        return this.undecided(subject.reason);
    }
  }

  /** A test of a value of the process itself. */
  private own(expression: Unit, sign: Sign): Formula {
    switch (expression.node) {
      case 'match': {
        const field = kernelField(expression.field.field);
        const { name } = expression.field.field;
        if (field?.kind !== 'text' || expression.field.register !== undefined)
          return this.undecided(notRead(expression.field.field));
        if (expression.matchers.some((matcher) => 'foldCase' in matcher && matcher.foldCase)) {
          return this.undecided(`${name} is compared without regard to case`);
        }
        return this.literal(textTest(field, expression.matchers), sign);
      }
      case 'flag': {
        const field = kernelField(expression.field.field);
        if (field?.kind !== 'integer') return this.undecided(notRead(expression.field.field));
        return this.literal(integerTest(field, field.mask, { operator: 'in', constants: [1n] }), sign);
      }
      case 'member': {
        const tested = this.integer(expression.term);
        if (tested === undefined) return always;
        return this.relation(tested, { operator: 'in', constants: expression.values }, sign);
      }
      case 'compare':
        return this.comparison(expression.operator, expression.left, expression.right, sign);
      case 'unset':
        return this.undecided(notRead(expression.field.field));
    }
  }

  /** A lineage bit, when the kernel can decide the condition on the program of the relative. */
  private relative(of: Relative, condition: Expression, sign: Sign): Formula {
    const { formula, reasons } = lower(condition, this.rejected);
    for (const reason of reasons) this.reasons.add(reason);
    if (reasons.length > 0) return always;
    // What no program passes no relative does, known or not.
    if (formula.kind === 'constant' && !formula.value) return sign === 'is' ? never : always;
    return this.literal(lineageTest(of, lineageCondition(condition, formula)), sign);
  }

  /** The rest of a rule with a register: some one ancestor passes it. */
  private oneAncestor(body: Expression): Formula {
    const found = casesOf(body, (condition) => {
      const { reasons } = lower(condition, this.rejected);
      return reasons.length === 0 ? 'decided' : reasons;
    });
    if (typeof found === 'string') return this.undecided(found);
    for (const reason of found.reasons) this.reasons.add(reason);
    const cases = found.cases.map(({ ofOne, rest }) =>
      combine('and', [
        this.relative('ancestors', { node: 'and', operands: ofOne }, 'is'),
        ...rest.map((expression) => this.lower(expression, 'is')),
      ]),
    );
    return combine('or', this.union('or', cases));
  }

  /** How many tests an expression is written out as. */
  private size(expression: Expression): number {
    const known = this.sizes.get(expression);
    if (known !== undefined) return known;
    const size = this.count(expression);
    this.sizes.set(expression, size);
    return size;
  }

  private count(expression: Expression): number {
    switch (expression.node) {
      case 'and':
      case 'or':
        return expression.operands.reduce((sum, operand) => sum + this.size(operand), 0);
      case 'not':
        return this.size(expression.operand);
      case 'equivalent':
        return 2 * (this.size(expression.left) + this.size(expression.right));
      case 'some':
        return this.size(expression.body);
      default:
        return 1;
    }
  }

  private comparison(operator: Comparison, left: Term, right: Term, sign: Sign): Formula {
    const leftValue = constantOf(left);
    const rightValue = constantOf(right);
    if (leftValue !== undefined && rightValue !== undefined) {
      return holds(operator, leftValue, rightValue) === (sign === 'is') ? always : never;
    }
    if (leftValue === undefined && rightValue === undefined) {
      return this.undecided('it compares two values of the event with each other');
    }
    const tested = this.integer(leftValue === undefined ? left : right);
    if (tested === undefined) return always;
    const constant = (leftValue ?? rightValue)!;
    const turned = leftValue === undefined ? operator : mirrored[operator];
    return this.relation(
      tested,
      turned === '==' ? { operator: 'in', constants: [constant] } : { operator: turned, constant },
      sign,
    );
  }

  private relation({ field, mask }: MaskedField, relation: Relation, sign: Sign): Formula {
    return this.literal(integerTest(field, mask, relation), sign);
  }

  /** A term that is one integer field, perhaps with a mask. */
  private integer(term: Term): MaskedField | undefined {
    const masked = maskedField(term);
    if (typeof masked !== 'string') return masked;
    this.undecided(masked);
    return undefined;
  }

  private literal(test: Test, sign: Sign): Formula {
    const reason = this.rejected.get(test.key);
    return reason === undefined ? { kind: 'literal', test, sign } : this.undecided(reason);
  }

  /**
   * Tests of one string field side by side are one test: any of the matchers, or (negated) none. So are conditions on the parent, and on
   * ancestors.
   */
  private union(kind: 'and' | 'or', operands: readonly Formula[]): readonly Formula[] {
    const sign: Sign = kind === 'or' ? 'is' : 'is-not';
    const groups = new Map<string, Mergeable[]>();
    const isMember = (operand: Formula): operand is Literal & { test: Mergeable } =>
      operand.kind === 'literal' && operand.sign === sign && operand.test.kind !== 'integer';
    for (const operand of operands) {
      if (!isMember(operand)) continue;
      const group = groups.get(groupOf(operand.test));
      if (group) group.push(operand.test);
      else groups.set(groupOf(operand.test), [operand.test]);
    }
    return operands.flatMap((operand): Formula[] => {
      if (!isMember(operand)) return [operand];
      const group = groups.get(groupOf(operand.test))!;
      if (group.length === 1) return [operand];
      const merged = this.merged(group);
      // Together they may have been too much where one by one they are not.
      if (merged === undefined || this.rejected.has(merged.key)) return [operand];
      return group[0] === operand.test ? [{ kind: 'literal', test: merged, sign }] : [];
    });
  }

  /** One test that passes where any of them does. They are of one group. */
  private merged(group: readonly Mergeable[]): Test | undefined {
    const [first] = group;
    if (first?.kind === 'text') {
      const matchers = group.flatMap((test): readonly Matcher[] => (test.kind === 'text' ? test.matchers : []));
      const { role, stream, reading, settled } = first;
      return textTest({ kind: 'text', role, stream, reading, settled }, matchers);
    }
    if (first?.kind !== 'lineage') return undefined;
    const operands = group.flatMap((test) => (test.kind === 'lineage' ? [test.condition.expression] : []));
    const any: Expression = { node: 'or', operands };
    const { formula, reasons } = lower(any, this.rejected);
    return reasons.length === 0 ? lineageTest(first.of, lineageCondition(any, formula)) : undefined;
  }

  private undecided(reason: string): Formula {
    this.reasons.add(reason);
    return always;
  }
}

/** Tests that may be put together with others of their group. */
type Mergeable = TextTest | LineageTest;

function groupOf(test: Mergeable): string {
  return test.kind === 'text' ? `${test.stream} ${test.reading} ${test.role}` : test.of;
}

const mirrored = { '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

function opposite(sign: Sign): Sign {
  return sign === 'is' ? 'is-not' : 'is';
}
