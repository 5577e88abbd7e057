/** One evaluation as `policy eval` is asked for it: an expression, an event, and what the expression may name. */
import {
  checkMacro,
  compileExpression,
  EventError,
  evaluate,
  eventFromFlat,
  type Macro,
  macroFromValues,
  parseMacro,
  type Scope,
  SeclError,
  type Truth,
} from '../secl/index.js';
import { isObject } from './json.js';
import { QuestionError } from './question-error.js';
import { type EvaluationVariables, readVariables } from './variables.js';

export interface Question {
  readonly expression: string;
  readonly event: Readonly<Record<string, unknown>>;
  /** An array of `{id, expression}` or `{id, values}`, or a map from id to expression or values. */
  readonly macros?: unknown;
  /** From name, scope included (`process.x`), to value. */
  readonly variables?: unknown;
}

export type Answer =
  | { readonly outcome: 'answered'; readonly result: Truth }
  /** The expression or a macro is wrong. */
  | { readonly outcome: 'refused'; readonly error: SeclError };

/** Answers a question. Throws QuestionError. */
export function answer({ expression, event, macros, variables }: Question): Answer {
  const readings = readVariables(variables);
  let refused: SeclError | undefined;
  for (const reading of readings) {
    try {
      return { outcome: 'answered', result: evaluateWith(expression, event, readMacros(macros), reading) };
    } catch (error) {
      if (error instanceof EventError) throw new QuestionError(error.message);
      if (!(error instanceof SeclError)) throw error;
      // The first reading of the variables is the likeliest, so its error is the one to tell.
      refused ??= error;
    }
  }
  return { outcome: 'refused', error: refused! };
}

function evaluateWith(
  text: string,
  event: Readonly<Record<string, unknown>>,
  macros: ReadonlyMap<string, Macro>,
  { types, values }: EvaluationVariables,
): Truth {
  const scope: Scope = { macros, variables: types };
  for (const [id, macro] of macros) insideMacro(id, () => checkMacro(macro, scope));
  const { expression } = compileExpression(text, scope);
  const now = BigInt(Date.now()) * 1_000_000n;
  return evaluate(expression, eventFromFlat(event), { now, variables: values });
}

function readMacros(macros: unknown): ReadonlyMap<string, Macro> {
  const read = new Map<string, Macro>();
  for (const [id, body] of macroBodies(macros)) {
    if (read.has(id)) throw new QuestionError(`the macro ${id} is defined twice`);
    read.set(
      id,
      insideMacro(id, () => (typeof body === 'string' ? parseMacro(body) : macroFromValues(body))),
    );
  }
  return read;
}

type MacroBody = string | readonly (string | number)[];

function* macroBodies(macros: unknown): Iterable<[string, MacroBody]> {
  if (macros === undefined || macros === null) return;
  if (Array.isArray(macros)) {
    for (const macro of macros as unknown[]) {
      if (!isObject(macro) || typeof macro.id !== 'string') throw new QuestionError('a macro needs an `id`');
      yield [macro.id, macroBody(macro.id, macro.expression ?? macro.values)];
    }
  } else if (isObject(macros)) {
    for (const [id, body] of Object.entries(macros)) yield [id, macroBody(id, body)];
  } else {
    throw new QuestionError('`macros` is an array of macros or a map from id to expression');
  }
}

function macroBody(id: string, body: unknown): MacroBody {
  if (typeof body === 'string') return body;
  const isValue = (value: unknown) => typeof value === 'string' || Number.isInteger(value);
  if (Array.isArray(body) && body.every(isValue)) return body as (string | number)[];
  throw new QuestionError(`the macro ${id} needs an \`expression\` or \`values\``);
}

/** An error in a macro says so; its line and column are those in the macro's text. */
function insideMacro<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SeclError)) throw error;
    const { code, message, line, column, start, end, help } = error;
    throw new SeclError(code, `in the macro ${id}: ${message}`, { line, column, start, end }, help);
  }
}
