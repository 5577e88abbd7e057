/** Short ways to check and evaluate, for the tests of the language. */
import {
  type Checked,
  compileExpression,
  evaluate,
  eventFromFlat,
  parseMacro,
  SeclError,
  type Truth,
  type Value,
  type VariableType,
} from '../../src/secl/index.js';

export interface World {
  readonly macros?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, VariableType>>;
  readonly values?: Readonly<Record<string, Value>>;
  readonly mixedLogical?: 'warn' | 'refuse';
}

/** The time of evaluation in all tests: nanoseconds. */
export const now = 1_700_000_000_000_000_000n;

export function compile(text: string, world: World = {}): Checked {
  return compileExpression(text, {
    macros: new Map(Object.entries(world.macros ?? {}).map(([name, body]) => [name, parseMacro(body)])),
    variables: new Map(Object.entries(world.variables ?? {})),
    ...(world.mixedLogical !== undefined && { mixedLogical: world.mixedLogical }),
  });
}

export function truth(text: string, event: Record<string, unknown> = {}, world: World = {}): Truth {
  const { expression } = compile(text, world);
  return evaluate(expression, eventFromFlat(event), {
    now,
    variables: new Map(Object.entries(world.values ?? {})),
  });
}

/** `code line:column` of the error that the expression has, or `no error`. */
export function errorOf(text: string, world: World = {}): string {
  try {
    compile(text, world);
    return 'no error';
  } catch (error) {
    if (!(error instanceof SeclError)) throw error;
    return `${error.code} ${error.line}:${error.column}`;
  }
}
