import type { ListAst, MacroAst, Primary } from './ast.js';
import { parseMacroText } from './parser.js';

/** A named expression or list. It is checked where it is used. */
export interface Macro {
  /** The text it came from, which the positions inside it refer to; empty for a list of values. */
  readonly text: string;
  readonly ast: MacroAst;
}

/** A macro from its expression: a truth, a value or a list. Throws SeclError as `parse` does. */
export function parseMacro(text: string): Macro {
  return { text, ast: parseMacroText(text) };
}

/** A macro from a list of values, all of one kind: strings (exact, never patterns) or integers. */
export function macroFromValues(values: readonly (string | number | bigint)[]): Macro {
  const span = { line: 1, column: 1, start: 0, end: 0 };
  const members = values.map(
    (value): Primary =>
      typeof value === 'string'
        ? { kind: 'string', text: value, span }
        : { kind: 'integer', value: BigInt(value), span },
  );
  return { text: '', ast: { kind: 'list', members, span } satisfies ListAst };
}
