/** Variables of an evaluation, from JSON: their types are not written, so they follow from the values. */
import { type IpNetwork, parseIp, type Scalar, toBytes, type Value, type VariableType } from '../secl/index.js';
import { isObject } from './json.js';
import { QuestionError } from './question-error.js';

export interface EvaluationVariables {
  readonly types: ReadonlyMap<string, VariableType>;
  readonly values: ReadonlyMap<string, Value>;
}

interface Typed extends VariableType {
  readonly value: Value;
}

/**
 * The ways to read the variables, likeliest first: text stays text; but where all of a variable's texts are addresses,
 * it may also be a variable of addresses. Throws QuestionError.
 */
export function readVariables(variables: unknown): readonly EvaluationVariables[] {
  if (variables === undefined || variables === null) return [{ types: new Map(), values: new Map() }];
  if (!isObject(variables)) throw new QuestionError('`variables` is a map from name to value');
  const asText = new Map<string, Typed>();
  const asAddresses = new Map<string, Typed>();
  for (const [name, value] of Object.entries(variables)) {
    const typed = typeVariable(name, value);
    asText.set(name, typed);
    asAddresses.set(name, addresses(value) ?? typed);
  }
  const differ = [...asText].some(([name, typed]) => asAddresses.get(name) !== typed);
  return (differ ? [asText, asAddresses] : [asText]).map(split);
}

function split(variables: ReadonlyMap<string, Typed>): EvaluationVariables {
  const entries = [...variables];
  return {
    types: new Map(entries.map(([name, { type, array }]) => [name, { type, array }])),
    values: new Map(entries.map(([name, { value }]) => [name, value])),
  };
}

function typeVariable(name: string, value: unknown): Typed {
  if (!Array.isArray(value)) return { type: typeOf(name, value), array: false, value: scalar(name, value) };
  const types = new Set(value.map((item) => typeOf(name, item)));
  if (types.size > 1) throw new QuestionError(`the values of the variable ${name} have several types`);
  const [type = 'string'] = types;
  return { type, array: true, value: value.map((item) => scalar(name, item)) };
}

function typeOf(name: string, value: unknown): 'string' | 'int' | 'bool' {
  switch (typeof scalar(name, value)) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    default:
      return 'bool';
  }
}

function scalar(name: string, value: unknown): Exclude<Scalar, IpNetwork> {
  if (typeof value === 'string') return toBytes(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (isObject(value) && typeof value.$base64 === 'string')
    return Buffer.from(value.$base64, 'base64').toString('latin1');
  throw new QuestionError(`the variable ${name} is text, a whole number, a boolean, or an array of one of these`);
}

function addresses(value: unknown): Typed | undefined {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  const networks = texts.map((text) => (typeof text === 'string' ? parseIp(text) : undefined));
  const known = networks.filter((network) => network !== undefined);
  if (known.length === 0 || known.length < networks.length) return undefined;
  return { type: 'ip', array: Array.isArray(value), value: Array.isArray(value) ? known : known[0]! };
}
