/** What a name stands for: constant, macro, field, variable. */
import { catalogue } from '../catalogue/index.js';
import { constants } from '../constants/index.js';
import { SeclError, type Span } from '../errors.js';
import type { TextTerm } from '../expression.js';
import type { Field, FieldUse } from '../field.js';
import { nearestNames } from '../nearest.js';
import type { Operand } from './operand.js';
import type { CheckState } from './state.js';

/** A name that is neither constant nor macro: a field, perhaps with a register or an index. */
export function fieldOperand(name: string, span: Span, state: CheckState): Operand {
  const use = fieldUse(name, span, state);
  state.use(use, span, 'direct');
  return operandOf(use, span);
}

/** `%{field}`: a field, without register; `.length` works on every string and array. */
export function referenceOperand(name: string, span: Span, state: CheckState): Operand {
  const known = catalogue.find(name);
  if (known !== undefined) {
    const use = { field: known, start: span.start, end: span.end };
    state.use(use, span, 'reference');
    return operandOf(use, span);
  }
  const sized = name.endsWith('.length') ? catalogue.find(name.slice(0, -'.length'.length)) : undefined;
  if (sized === undefined) throw unknownField(name, span);
  const of = referenceOperand(sized.name, span, state);
  return sizeOf(of, `%{${sized.name}}`, span);
}

/** `${name}`: a variable of the scope; `.length` works on strings and arrays. */
export function variableOperand(name: string, span: Span, state: CheckState): Operand {
  const type = state.scope.variables.get(name);
  if (type === undefined) {
    if (name.endsWith('.length')) {
      const sized = name.slice(0, -'.length'.length);
      if (state.scope.variables.has(sized)) return sizeOf(variableOperand(sized, span, state), `\${${sized}}`, span);
    }
    const builtin = builtins.get(name);
    if (builtin !== undefined) return builtin(span, state);
    throw unknownVariable(name, span, state);
  }
  const variable = { name, type, start: span.start, end: span.end };
  switch (type.type) {
    case 'string':
      return {
        type: type.array ? 'strings' : 'string',
        string: { source: 'text', text: { text: 'variable', variable } },
        span,
      };
    case 'int':
      return { type: type.array ? 'ints' : 'int', term: { term: 'variable', variable }, span };
    case 'ip':
      return { type: type.array ? 'ips' : 'ip', ip: { ip: 'variable', variable }, span };
    case 'bool':
      if (type.array)
        throw new SeclError('type', `the variable ${name} is a list of booleans, which no operator takes`, span);
      return { type: 'bool', expression: { node: 'variable', variable }, span };
  }
}

/** Variables that are there without being set. */
const builtins: ReadonlyMap<string, (span: Span, state: CheckState) => Operand> = new Map([
  ['process.pid', (span: Span, state: CheckState) => referenceOperand('process.pid', span, state)],
  [
    'builtins.uuid4',
    (span: Span) => {
      const type = { type: 'string', array: false } as const;
      const text: TextTerm = {
        text: 'variable',
        variable: { name: 'builtins.uuid4', type, start: span.start, end: span.end },
      };
      return { type: 'string', string: { source: 'text', text }, span };
    },
  ],
]);

function fieldUse(name: string, span: Span, state: CheckState): FieldUse {
  const { start, end } = span;
  const plain = catalogue.find(name);
  if (plain !== undefined) return { field: plain, start, end };
  if (!name.includes('[')) throw unknownName(name, span, state);
  const index = /^([^[\]]+)\[([0-9]+)\]$/.exec(name);
  if (index !== null) return { field: elementField(index[1]!, Number(index[2]), span), start, end };
  const brackets = [...name.matchAll(/\[([^\]]*)\]/g)];
  const [, register = ''] = brackets[0] ?? [];
  if (brackets.length > 1) throw new SeclError('register', `${name} has more than one register`, span);
  if (register === '') throw new SeclError('register', `the register of ${name} has no name`, span);
  if (register === '_') throw new SeclError('register', '_ cannot be the name of a register', span);
  const iterator = name.slice(0, name.indexOf('['));
  if (!catalogue.isIterator(iterator)) {
    if (catalogue.find(iterator) === undefined) throw unknownName(iterator, span, state);
    throw new SeclError('register', `${iterator} is not a list with fields, so no register can run over it`, span);
  }
  const field = catalogue.find(iterator + name.slice(name.indexOf(']') + 1));
  if (field?.iterator !== iterator) throw unknownField(iterator + name.slice(name.indexOf(']') + 1), span);
  state.useRegister(register, iterator, span);
  return { field, register, start, end };
}

/** `exec.argv[0]`: one element of an array, the zero value when there are fewer. */
function elementField(name: string, index: number, span: Span): Field {
  const field = catalogue.find(name);
  if (field === undefined) {
    if (catalogue.isIterator(name))
      throw new SeclError('register', `${name}[${index}] must be followed by a field`, span);
    throw unknownField(name, span);
  }
  if (!field.array) throw new SeclError('type', `${name} is not an array, so it has no element ${index}`, span);
  const { iterator: _, element: __, ...rest } = field;
  return {
    ...rest,
    name: `${name}[${index}]`,
    canonical: `${field.canonical}[${index}]`,
    array: false,
    elementOf: { field, index },
  };
}

function operandOf(use: FieldUse, span: Span): Operand {
  const { type, array } = use.field;
  switch (type) {
    case 'string':
      return { type: array ? 'strings' : 'string', string: { source: 'field', field: use }, span };
    case 'int':
      return { type: array ? 'ints' : 'int', term: { term: 'field', field: use }, span };
    case 'ip':
      return { type: array ? 'ips' : 'ip', ip: { ip: 'field', field: use }, span };
    case 'bool':
      return array
        ? { type: 'bools', field: use, span }
        : { type: 'bool', expression: { node: 'flag', field: use }, span };
  }
}

function sizeOf(operand: Operand, name: string, span: Span): Operand {
  switch (operand.type) {
    case 'string':
    case 'strings':
      if (operand.string.source === 'literal') break;
      return {
        type: 'int',
        term: {
          term: 'size',
          of: operand.string.source === 'field' ? { text: 'field', field: operand.string.field } : operand.string.text,
        },
        span,
      };
    case 'ints':
      return { type: 'int', term: { term: 'size', of: operand.term }, span };
    default:
      break;
  }
  throw new SeclError('type', `${name} has no length`, span);
}

function unknownName(name: string, span: Span, state: CheckState): SeclError {
  const { macros } = state.scope;
  const near = () =>
    didYouMean([
      ...catalogue.nearest(name),
      ...nearestNames(name, constantNames),
      ...nearestNames(name, [...macros.keys()]),
    ]);
  const what = /^[A-Z0-9_]+$/.test(name) ? 'macro, constant or field' : 'field';
  return new SeclError('unknown-name', `unknown ${what} ${name}`, span, near);
}

function unknownField(name: string, span: Span): SeclError {
  return new SeclError('unknown-name', `unknown field ${name}`, span, () => didYouMean(catalogue.nearest(name)));
}

function unknownVariable(name: string, span: Span, state: CheckState): SeclError {
  const { variables } = state.scope;
  const near = () =>
    catalogue.find(name) === undefined
      ? didYouMean(nearestNames(name, [...variables.keys()]))
      : `a field is written %{${name}}`;
  return new SeclError('unknown-name', `unknown variable ${name}`, span, near);
}

const constantNames = [...constants.keys()];

function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `did you mean ${names.slice(0, 3).join(', ')}?`;
}
