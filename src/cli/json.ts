/** JSON as events are written: integers of any size keep their value. */

/** A string (to be left alone), or an integer literal that a double may not hold. */
const stringOrLong = /"(?:[^"\\]|\\.)*"|-?\b\d{16,}\b(?![.eE\d])/g;
const mark = '$integer:';

/** Parses JSON; integers of 16 digits and more become bigints. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  const marked = text.replace(stringOrLong, (token) => (token.startsWith('"') ? token : `"${mark}${token}"`));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) && /^-?\d{16,}$/.test(value.slice(mark.length))
      ? BigInt(value.slice(mark.length))
      : value,
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
