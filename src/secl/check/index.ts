/** From syntax tree to checked expression: names are resolved, types agree, constants are folded. */
import type { ArrayAst, Ast, MacroAst, Primary } from '../ast.js';
import { toBytes } from '../bytes.js';
import { constants } from '../constants/index.js';
import { SeclError, type Span, type Warning } from '../errors.js';
import type { Expression, ValueTerm } from '../expression.js';
import type { EventType, Field } from '../field.js';
import { type IpNetwork, parseIp } from '../ip.js';
import type { Macro } from '../macro.js';
import { parse } from '../parser.js';
import type { Scope } from '../scope.js';
import type { VariableType } from '../variable.js';
import { binary, not, unaryTerm } from './build.js';
import { comparison, expect } from './comparison.js';
import { interpolate } from './interpolation.js';
import { matchersOf } from './literal.js';
import { logical } from './logical.js';
import { membership } from './membership.js';
import { fieldOperand, referenceOperand, variableOperand } from './names.js';
import { type Operand, type OperandOf, type StringLiteral, type StringSource, typeNames } from './operand.js';
import { CheckState } from './state.js';

/** A rule's expression, ready to evaluate or to compile. */
export interface Checked {
  readonly expression: Expression;
  /** The event its fields belong to; undefined when it names none but common ones. */
  readonly event: EventType | undefined;
  /** Every field it reads, once. */
  readonly fields: readonly Field[];
  readonly warnings: readonly Warning[];
}

/** Parses and checks a rule's expression. Throws SeclError with the place of what is wrong. */
export function compileExpression(text: string, scope: Scope): Checked {
  const ast = parse(text);
  const state = new CheckState(text, scope);
  const body = expect(check(ast, state), ['bool']).expression;
  const event = state.event();
  const { register, fields, warnings } = state;
  const expression: Expression =
    register === undefined ? body : { node: 'some', register: register.name, iterator: register.iterator, body };
  return { expression, event, fields, warnings };
}

/** A text that stands for a value: what `set` actions compute. */
export interface CheckedValue {
  readonly value: VariableType;
  /** How it is computed. */
  readonly term: ValueTerm;
  readonly event?: EventType;
}

/** Checks a text that stands for one value or an array. Throws SeclError with the place of what is wrong. */
export function compileValue(text: string, scope: Scope): CheckedValue {
  const ast = parse(text);
  const state = new CheckState(text, scope);
  const operand = check(ast, state);
  const value = valueTypes[operand.type];
  const term = valueTerm(operand);
  if (value === undefined || term === undefined || state.register !== undefined) {
    throw new SeclError('type', `${typeNames[operand.type]} is no value that can be kept`, operand.span);
  }
  const event = state.event();
  return { value, term, ...(event !== undefined && { event }) };
}

/** The type of what a text stands for. Throws as `compileValue`. */
export function checkValue(text: string, scope: Scope): Omit<CheckedValue, 'term'> {
  const { term: _, ...rest } = compileValue(text, scope);
  return rest;
}

function valueTerm(operand: Operand): ValueTerm | undefined {
  switch (operand.type) {
    case 'bool':
      return { value: 'truth', expression: operand.expression };
    case 'int':
    case 'ints':
      return { value: 'number', term: operand.term };
    case 'ip':
    case 'ips':
      return { value: 'address', ip: operand.ip };
    case 'string':
    case 'strings':
      return textValue(operand.string);
    default:
      return undefined;
  }
}

function textValue(string: StringSource): ValueTerm | undefined {
  switch (string.source) {
    case 'text':
      return { value: 'text', text: string.text };
    case 'field':
      return { value: 'text', text: { text: 'field', field: string.field } };
    case 'literal':
      // A pattern is a test, not a value.
      if (string.literal.form !== 'exact') return undefined;
      return { value: 'text', text: { text: 'constant', bytes: toBytes(string.literal.text) } };
  }
}

const valueTypes: Readonly<Partial<Record<Operand['type'], VariableType>>> = {
  bool: { type: 'bool', array: false },
  string: { type: 'string', array: false },
  strings: { type: 'string', array: true },
  int: { type: 'int', array: false },
  ints: { type: 'int', array: true },
  ip: { type: 'ip', array: false },
  ips: { type: 'ip', array: true },
};

/** Checks a macro by itself, whatever it stands for. Throws SeclError with positions in the macro's text. */
export function checkMacro(macro: Macro, scope: Scope): void {
  const operand = check(macro.ast, new CheckState(macro.text, scope));
  // Patterns are tried out as on an ordinary field, except for **, which the field it is used on decides about.
  if (operand.type === 'string list') matchersOf(operand.members.filter((member) => member.form === 'regexp'));
}

function check(ast: MacroAst | ArrayAst, state: CheckState): Operand {
  return state.nested(ast.span, () => checkNode(ast, state));
}

function checkNode(ast: MacroAst | ArrayAst, state: CheckState): Operand {
  const { span } = ast;
  switch (ast.kind) {
    case 'group':
      return { ...check(ast.inner, state), span };
    case 'logical': {
      const operands = ast.operands.map((operand) => expect(check(operand, state), ['bool']).expression);
      return { type: 'bool', expression: logical(ast, operands, state), span };
    }
    case 'comparison':
      return { type: 'bool', expression: comparison(ast, check(ast.left, state), check(ast.right, state)), span };
    case 'membership':
      return { type: 'bool', expression: membership(ast, check(ast.left, state), check(ast.right, state)), span };
    case 'sum':
      return sum(ast, state);
    case 'bits':
      return bits(ast, state);
    case 'unary':
      return unary(ast, state);
    case 'list':
      state.count(span, 1 + Math.floor(ast.members.length / 16));
      return list(ast.members, span);
    default:
      state.count(span);
      return primary(ast, state);
  }
}

function sum(ast: Extract<Ast, { kind: 'sum' }>, state: CheckState): Operand {
  const terms = ast.operands.map((operand) => expect(check(operand, state), ['int']).term);
  const term = terms.reduce((left, right, at) => binary(ast.operators[at - 1]!, left, right));
  return { type: 'int', term, sum: true, span: ast.span };
}

/** From the right, as in the reference, which also wants one side of each operation to be constant. */
function bits(ast: Extract<Ast, { kind: 'bits' }>, state: CheckState): Operand {
  const operands = ast.operands.map((operand) => expect(check(operand, state), ['int']));
  let term = operands[operands.length - 1]!.term;
  for (let at = operands.length - 2; at >= 0; at--) {
    const left = operands[at]!;
    if (left.term.term !== 'integer' && term.term !== 'integer') {
      const message = `one side of ${ast.operators[at]} must be constant`;
      throw new SeclError('operator', message, operands[at + 1]!.span);
    }
    term = binary(ast.operators[at]!, left.term, term);
  }
  return { type: 'int', term, span: ast.span };
}

function unary({ operator, operand: inner, span }: Extract<Ast, { kind: 'unary' }>, state: CheckState): Operand {
  const operand = check(inner, state);
  switch (operator) {
    case '!':
      return { type: 'bool', expression: not(expect(operand, ['bool']).expression), span };
    case '-':
      return { type: 'int', term: unaryTerm('negate', expect(operand, ['int']).term), span };
    case '^':
      return { type: 'int', term: unaryTerm('complement', expect(operand, ['int']).term), span };
  }
}

function primary(ast: Primary, state: CheckState): Operand {
  const { span } = ast;
  switch (ast.kind) {
    case 'identifier':
      return identifier(ast.name, span, state);
    case 'integer':
      return { type: 'int', term: { term: 'integer', value: ast.value }, span };
    case 'duration':
      return { type: 'int', term: { term: 'integer', value: ast.nanoseconds }, duration: true, span };
    case 'ip':
    case 'cidr':
      return { type: 'ip', ip: { ip: 'constant', networks: [network(ast.text, span)] }, span };
    case 'variable':
      return variableOperand(ast.name, span, state);
    case 'field-reference':
      return referenceOperand(ast.name, span, state);
    case 'string': {
      const text = interpolate(ast.text, span, state);
      if (text !== undefined) return { type: 'string', string: { source: 'text', text }, span };
      return { type: 'string', string: { source: 'literal', literal: literal(ast) }, span };
    }
    case 'pattern':
    case 'regexp':
      return { type: 'string', string: { source: 'literal', literal: literal(ast) }, span };
  }
}

/** Constants come before macros, macros before fields. */
function identifier(name: string, span: Span, state: CheckState): Operand {
  const value = constants.get(name);
  if (typeof value === 'boolean') return { type: 'bool', expression: { node: 'constant', value }, span };
  if (value !== undefined) return { type: 'int', term: { term: 'integer', value }, span };
  const macro = state.scope.macros.get(name);
  if (macro === undefined) return fieldOperand(name, span, state);
  return { ...state.insideMacro(name, macro.text, span, () => check(macro.ast, state)), span };
}

function list(members: readonly Primary[], span: Span): Operand {
  const [first] = members;
  switch (first?.kind) {
    case 'integer':
      return {
        type: 'int list',
        values: (members as Extract<Primary, { kind: 'integer' }>[]).map(({ value }) => value),
        span,
      };
    case 'ip':
    case 'cidr': {
      const networks = (members as Extract<Primary, { kind: 'ip' | 'cidr' }>[]).map((member) =>
        network(member.text, member.span),
      );
      return { type: 'ip list', networks, span };
    }
    case 'identifier':
      return constantList(members as Extract<Primary, { kind: 'identifier' }>[], span);
    default: {
      const literals = (members as Extract<Primary, { kind: StringKind }>[]).map(literal);
      return { type: 'string list', members: literals, span };
    }
  }
}

type StringKind = 'string' | 'pattern' | 'regexp';

function literal({ kind, text, span }: Extract<Primary, { kind: StringKind }>): StringLiteral {
  return { form: kind === 'string' ? 'exact' : kind, text, span };
}

/** `[EPERM, EACCES]`: constants of one type; nothing else that has a name can stand in a list. */
function constantList(members: readonly Extract<Primary, { kind: 'identifier' }>[], span: Span): Operand {
  const values = members.map((member) => {
    const value = constants.get(member.name);
    if (value !== undefined) return value;
    throw new SeclError(
      'unknown-name',
      `${member.name} is not a constant: only constants can stand in a list`,
      member.span,
    );
  });
  const odd = values.findIndex((value) => typeof value !== typeof values[0]);
  if (odd !== -1) throw new SeclError('type', 'a list has members of one type', members[odd]!.span);
  return typeof values[0] === 'boolean'
    ? ({ type: 'bool list', values: values as boolean[], span } satisfies OperandOf<'bool list'>)
    : { type: 'int list', values: values as bigint[], span };
}

function network(text: string, span: Span): IpNetwork {
  const parsed = parseIp(text);
  // The reference refuses the unspecified IPv6 address, which no comparison could tell from an absent one.
  if (parsed === undefined || text === '::') {
    throw new SeclError('value', `${text} is not an ${text.includes('/') ? 'IP network' : 'IP address'}`, span);
  }
  return parsed;
}
