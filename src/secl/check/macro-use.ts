import { SeclError, type Span } from '../errors.js';

/** An error inside a macro, told at the place where the macro is used. */
export function locatedInMacro(error: unknown, name: string, use: Span): unknown {
  if (!(error instanceof SeclError)) return error;
  const { code, message, line, column } = error;
  // Limits are about the whole expression; an error that was already located in an inner macro names it.
  const where = `in the macro ${name}, line ${line} column ${column}: `;
  return new SeclError(code, code === 'limit' ? message : where + message, use, () => error.help);
}
