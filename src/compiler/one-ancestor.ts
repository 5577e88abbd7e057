/**
 * A rule with a register holds when its whole expression does at one same ancestor. Here it is taken apart: what speaks of that ancestor
 * becomes conditions on one program, and what does not stays beside them. That some ancestor passes `a || b` means that some passes a
 * or some passes b; and what does not speak of the ancestor can stand before the question.
 */
import type { Expression } from '../secl/index.js';
import { fieldUses } from './field-uses.js';
import { ancestorCases } from './limits.js';
import { subjectOf } from './relatives.js';

/** Holds when some ancestor passes all of `ofOne`, and all of `rest` hold. */
export interface Case {
  /** In terms of the ancestor's own program. Empty: any ancestor will do. */
  readonly ofOne: readonly Expression[];
  readonly rest: readonly Expression[];
}

/** Whether the kernel can decide a condition on one program; otherwise why not. */
export type Judge = (condition: Expression) => 'decided' | readonly string[];

export interface Cases {
  /** The rule holds when one of them does. */
  readonly cases: readonly Case[];
  /** What was taken for true, and why. */
  readonly reasons: readonly string[];
}

/** The cases of an expression under a register, or why there are none. */
export function casesOf(body: Expression, judge: Judge): Cases | string {
  const splitter = new Splitter(judge);
  const cases = splitter.split(body, 'is');
  return cases === undefined
    ? `its conditions on one ancestor fall into more than ${ancestorCases.value} cases`
    : { cases, reasons: [...splitter.reasons] };
}

type Sign = 'is' | 'is-not';

class Splitter {
  readonly reasons = new Set<string>();

  constructor(private readonly judge: Judge) {}

  /** Undefined: too many. */
  split(expression: Expression, sign: Sign): readonly Case[] | undefined {
    const whole = this.whole(expression, sign);
    if (whole !== undefined) return [whole];
    switch (expression.node) {
      case 'not':
        return this.split(expression.operand, opposite(sign));
      case 'and':
      case 'or': {
        const { operands } = expression;
        return (expression.node === 'and') === (sign === 'is') ? this.each(operands, sign) : this.any(operands, sign);
      }
      case 'equivalent': {
        const { left, right } = expression;
        const sides = (one: Sign): Expression => ({
          node: 'and',
          operands: [signed(left, one), signed(right, sign === 'is' ? one : opposite(one))],
        });
        return this.any([sides('is'), sides('is-not')], 'is');
      }
      default:
        return [this.leaf(expression)];
    }
  }

  private any(operands: readonly Expression[], sign: Sign): readonly Case[] | undefined {
    const all: Case[] = [];
    for (const operand of operands) {
      const cases = this.split(operand, sign);
      if (cases === undefined || all.length + cases.length > ancestorCases.value) return undefined;
      all.push(...cases);
    }
    return all;
  }

  private each(operands: readonly Expression[], sign: Sign): readonly Case[] | undefined {
    let all: readonly Case[] = [{ ofOne: [], rest: [] }];
    for (const operand of operands) {
      const cases = this.split(operand, sign);
      if (cases === undefined || all.length * cases.length > ancestorCases.value) return undefined;
      all = all.flatMap((one) =>
        cases.map(({ ofOne, rest }) => ({ ofOne: [...one.ofOne, ...ofOne], rest: [...one.rest, ...rest] })),
      );
    }
    return all;
  }

  /** What need not be taken apart: all of it speaks of the ancestor and can be decided, or none of it does. */
  private whole(expression: Expression, sign: Sign): Case | undefined {
    const uses = fieldUses(expression);
    if (uses.every(({ register }) => register === undefined)) return { ofOne: [], rest: [signed(expression, sign)] };
    const own = ofProgram(expression);
    if (own === undefined || this.judge(own) !== 'decided') return undefined;
    return { ofOne: [signed(own, sign)], rest: [] };
  }

  /** A test that the kernel cannot make of an ancestor is taken for true, negated or not. */
  private leaf(expression: Expression): Case {
    const judged = whyLost(expression) ?? this.judge(ofProgram(expression) ?? expression);
    for (const reason of judged === 'decided' ? [] : judged) this.reasons.add(reason);
    return { ofOne: [], rest: [] };
  }
}

/** An expression about the ancestor in terms of its own program; nothing where it speaks of others, or of what is not kept. */
function ofProgram(expression: Expression): Expression | undefined {
  switch (expression.node) {
    case 'constant':
      return expression;
    case 'not': {
      const operand = ofProgram(expression.operand);
      return operand && { node: 'not', operand };
    }
    case 'and':
    case 'or': {
      const operands = expression.operands.map(ofProgram).filter((operand) => operand !== undefined);
      return operands.length === expression.operands.length ? { node: expression.node, operands } : undefined;
    }
    case 'equivalent': {
      const [left, right] = [ofProgram(expression.left), ofProgram(expression.right)];
      return left && right && { node: 'equivalent', left, right };
    }
    case 'match':
    case 'flag':
    case 'unset':
    case 'member':
    case 'compare': {
      if (fieldUses(expression).some(({ register }) => register === undefined)) return undefined;
      const subject = subjectOf(expression);
      return subject.subject === 'relative' ? subject.expression : undefined;
    }
    default:
      return undefined;
  }
}

/** Why a test of single values has no form that speaks of one program. */
function whyLost(expression: Expression): readonly string[] | undefined {
  switch (expression.node) {
    case 'match':
    case 'flag':
    case 'unset':
    case 'member':
    case 'compare': {
      const subject = subjectOf(expression);
      return subject.subject === 'undecided' ? [subject.reason] : undefined;
    }
    default:
      return undefined;
  }
}

function signed(expression: Expression, sign: Sign): Expression {
  return sign === 'is' ? expression : { node: 'not', operand: expression };
}

function opposite(sign: Sign): Sign {
  return sign === 'is' ? 'is-not' : 'is';
}
