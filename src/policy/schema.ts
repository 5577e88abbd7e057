/** The JSON Schema of policy files, for editors: made of the same keys that the loader knows. */
import {
  actionKeys,
  actionKinds,
  type Key,
  type Keys,
  type KeyValue,
  macroKeys,
  policyKeys,
  ruleKeys,
} from './keys.js';

type Schema = Readonly<Record<string, unknown>>;

/** A schema of draft 2020-12. A key that is not known is an error there, as it is a warning of the loader. */
export function policySchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Portcullis policy',
    description: 'Rules in SECL; loads policies of Datadog Workload Protection',
    ...mapping(policyKeys),
    $defs: {
      macro: { ...mapping(macroKeys), ...exactlyOne(['expression', 'values']) },
      rule: {
        ...mapping(ruleKeys),
        anyOf: [
          { required: ['expression'] },
          { required: ['disabled'], properties: { disabled: { enum: spelled.true } } },
          { required: ['combine'], properties: { combine: { const: 'override' } } },
        ],
      },
      action: { ...mapping(actionKeys), ...exactlyOne(actionKinds) },
    },
  };
}

const text: Schema = { type: ['string', 'number', 'boolean'] };
/** YAML 1.1's other words for the booleans are words in YAML 1.2, which editors read. */
const spelled = { true: [true, 'yes', 'on'], false: [false, 'no', 'off'] };

function mapping(keys: Keys): Schema {
  const entries = Object.entries<Key>(keys);
  const required = entries.filter(([, key]) => key.required).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, key]) => [name, property(key)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function property({ value, description }: Key): Schema {
  return { description, ...schemaOf(value) };
}

function schemaOf(value: KeyValue): Schema {
  switch (value.is) {
    case 'text':
      return text;
    case 'texts':
      return { type: 'array', items: text };
    case 'expression':
      return { type: 'string', minLength: 1 };
    case 'expressions':
      return { type: 'array', items: { type: 'string', minLength: 1 } };
    case 'flag':
      return { enum: [...spelled.true, ...spelled.false] };
    case 'duration':
      return {
        anyOf: [
          { type: 'string', pattern: durationPattern },
          { type: 'integer', minimum: 0 },
        ],
      };
    case 'id':
      return {
        anyOf: [
          { type: 'string', pattern: '^[A-Za-z0-9_]+$' },
          { type: 'integer', minimum: 0 },
        ],
      };
    case 'tags':
      return { type: 'object', additionalProperties: text };
    case 'anything':
      return {};
    case 'word':
      return { enum: [...value.words] };
    case 'words':
      return { type: 'array', items: { enum: [...value.words] } };
    case 'integer':
      return { type: 'integer', ...(value.least !== undefined && { minimum: value.least }) };
    case 'value':
      return { anyOf: [scalar, { type: 'array', items: scalar, minItems: 1 }] };
    case 'mapping':
      return {
        ...mapping(value.keys),
        ...(value.oneOf && exactlyOne(value.oneOf)),
        ...(value.anyOf && { anyOf: value.anyOf.map((name) => ({ required: [name] })) }),
      };
    case 'mappings':
      return { type: 'array', items: { $ref: `#/$defs/${value.of}` } };
  }
}

const scalar: Schema = { type: ['string', 'integer', 'boolean'] };
const durationPattern = '^(0|(\\d+(\\.\\d+)?(ns|us|µs|μs|ms|s|m|h))+)$';

function exactlyOne(names: readonly string[]): Schema {
  return { oneOf: names.map((name) => ({ required: [name] })) };
}
