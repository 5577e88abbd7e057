/** As much of JSON Schema as the policies' schema uses; a keyword it does not know is an error, so that none is passed over. */

type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with a value, each with its path. */
export function validate(schema: Schema, value: unknown, root: Schema = schema, path = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`the keyword ${keyword} is not known to this validator`);
    return check(argument as never, value, { schema, root, path });
  });
}

interface At {
  readonly schema: Schema;
  readonly root: Schema;
  readonly path: string;
}

type Check = (argument: never, value: unknown, at: At) => string[];

const say = (holds: boolean, { path }: At, what: string) => (holds ? [] : [`${path}: ${what}`]);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

const keywords: Readonly<Record<string, Check>> = {
  $schema: () => [],
  $defs: () => [],
  title: () => [],
  description: () => [],
  $ref: (ref: string, value, { root, path }) =>
    validate((root.$defs as Record<string, Schema>)[ref.replace('#/$defs/', '')]!, value, root, path),
  type: (names: string | string[], value, at) =>
    say(
      [names].flat().some((name) => types[name]!(value)),
      at,
      `not ${[names].flat().join(' or ')}`,
    ),
  enum: (values: unknown[], value, at) => say(values.includes(value), at, 'none of the values'),
  const: (wanted: unknown, value, at) => say(value === wanted, at, `not ${wanted}`),
  pattern: (pattern: string, value, at) =>
    say(typeof value !== 'string' || new RegExp(pattern, 'u').test(value), at, `does not match ${pattern}`),
  minimum: (least: number, value, at) => say(typeof value !== 'number' || value >= least, at, `below ${least}`),
  minLength: (least: number, value, at) => say(typeof value !== 'string' || value.length >= least, at, 'too short'),
  minItems: (least: number, value, at) => say(!Array.isArray(value) || value.length >= least, at, 'too few'),
  required: (names: string[], value, at) =>
    names.flatMap((name) => say(!isObject(value) || name in value, at, `without ${name}`)),
  properties: (properties: Record<string, Schema>, value, { root, path }) =>
    Object.entries(properties).flatMap(([name, schema]) =>
      isObject(value) && name in value ? validate(schema, value[name], root, `${path}.${name}`) : [],
    ),
  additionalProperties: (others: false | Schema, value, at) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([name]) => !(name in ((at.schema.properties as object | undefined) ?? {})))
      .flatMap(([name, item]) =>
        others === false ? [`${at.path}.${name}: not known`] : validate(others, item, at.root, `${at.path}.${name}`),
      ),
  items: (schema: Schema, value, { root, path }) =>
    Array.isArray(value) ? value.flatMap((item, index) => validate(schema, item, root, `${path}.${index}`)) : [],
  anyOf: (schemas: Schema[], value, at) =>
    say(
      schemas.some((schema) => fits(schema, value, at)),
      at,
      'fits none of the forms',
    ),
  oneOf: (schemas: Schema[], value, at) =>
    say(schemas.filter((schema) => fits(schema, value, at)).length === 1, at, 'fits not exactly one of the forms'),
};

function fits(schema: Schema, value: unknown, { root }: At): boolean {
  return validate(schema, value, root).length === 0;
}
