/**
 * SECL expressions to formulas over the tests that the kernel can make. What it cannot make is taken for true, so that the
 * formula holds at least where the rule does, and the reason is kept: such a rule is only a candidate.
 */
import type { Comparison, Expression, Matcher, Term } from '../secl/index.js';
import { holds } from '../secl/integer.js';
import { kernelField } from './fields.js';
import { always, combine, type Formula, type Literal, never } from './formula.js';
import { writtenOut } from './limits.js';
import { integerTest, type Relation, type Test, type TextTest, textTest } from './tests.js';

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
      case 'match': {
        const field = kernelField(expression.field.field);
        const { name } = expression.field.field;
        if (field?.kind !== 'text' || expression.field.register !== undefined) return this.undecided(notRead(name));
        if (expression.matchers.some((matcher) => 'foldCase' in matcher && matcher.foldCase)) {
          return this.undecided(`${name} is compared without regard to case`);
        }
        return this.literal(textTest(field, expression.matchers), sign);
      }
      case 'flag': {
        const field = kernelField(expression.field.field);
        if (field?.kind !== 'integer') return this.undecided(notRead(expression.field.field.name));
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
        return this.undecided(notRead(expression.field.field.name));
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
        return this.undecided(`it looks for one of ${expression.iterator}`);
    }
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

  /** Tests of one string field side by side are one test: any of the matchers, or (negated) none. */
  private union(kind: 'and' | 'or', operands: readonly Formula[]): readonly Formula[] {
    const sign: Sign = kind === 'or' ? 'is' : 'is-not';
    const groups = new Map<string, TextTest[]>();
    const isMember = (operand: Formula): operand is Literal & { test: TextTest } =>
      operand.kind === 'literal' && operand.sign === sign && operand.test.kind === 'text';
    const nameOf = ({ stream, reading, role }: TextTest) => `${stream} ${reading} ${role}`;
    for (const operand of operands) {
      if (!isMember(operand)) continue;
      const group = groups.get(nameOf(operand.test));
      if (group) group.push(operand.test);
      else groups.set(nameOf(operand.test), [operand.test]);
    }
    return operands.flatMap((operand): Formula[] => {
      if (!isMember(operand)) return [operand];
      const group = groups.get(nameOf(operand.test))!;
      if (group.length === 1) return [operand];
      const { role, stream, reading, settled } = operand.test;
      const matchers = group.flatMap((test): readonly Matcher[] => test.matchers);
      const merged = textTest({ kind: 'text', role, stream, reading, settled }, matchers);
      // Together they may have been too much where one by one they are not.
      if (this.rejected.has(merged.key)) return [operand];
      return group[0] === operand.test ? [{ kind: 'literal', test: merged, sign }] : [];
    });
  }

  private undecided(reason: string): Formula {
    this.reasons.add(reason);
    return always;
  }
}

interface MaskedField {
  readonly field: Extract<ReturnType<typeof kernelField>, { kind: 'integer' }>;
  readonly mask: bigint;
}

const mirrored = { '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/** The field of a term and the bits it keeps, or why the kernel cannot compute it. */
function maskedField(term: Term): MaskedField | string {
  switch (term.term) {
    case 'field': {
      const field = kernelField(term.field.field);
      if (field?.kind !== 'integer' || term.field.register !== undefined) return notRead(term.field.field.name);
      return { field, mask: field.mask };
    }
    case 'binary': {
      const [left, right] = [constantOf(term.left), constantOf(term.right)];
      const constant = left ?? right;
      if (term.operator !== '&' || constant === undefined) return 'it computes with integers';
      const inner = maskedField(left === undefined ? term.left : term.right);
      return typeof inner === 'string' ? inner : { field: inner.field, mask: inner.mask & constant };
    }
    case 'variable':
      return `the variable ${term.variable.name} lives in user space`;
    case 'size':
      return 'it counts bytes or elements';
    case 'integer':
    case 'negate':
    case 'complement':
      return 'it computes with integers';
  }
}

/** The value of a term without fields and variables: signed 64 bits, wrapping. */
function constantOf(term: Term): bigint | undefined {
  switch (term.term) {
    case 'integer':
      return BigInt.asIntN(64, term.value);
    case 'field':
    case 'variable':
    case 'size':
      return undefined;
    case 'negate':
    case 'complement': {
      const value = constantOf(term.operand);
      if (value === undefined) return undefined;
      return BigInt.asIntN(64, term.term === 'negate' ? -value : ~value);
    }
    case 'binary': {
      const left = constantOf(term.left);
      const right = constantOf(term.right);
      if (left === undefined || right === undefined) return undefined;
      return BigInt.asIntN(64, calculate[term.operator](left, right));
    }
  }
}

const calculate: Record<Extract<Term, { term: 'binary' }>['operator'], (a: bigint, b: bigint) => bigint> = {
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
};

function opposite(sign: Sign): Sign {
  return sign === 'is' ? 'is-not' : 'is';
}

function notRead(field: string): string {
  return `the kernel does not read ${field} at an exec`;
}
