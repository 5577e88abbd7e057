/** JSON as events are written: integers of any size keep their value. */

/** A string or a whole number token: what is inside them is never taken apart. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** An integer that a double may not hold. */
const long = /^-?[1-9]\d{15,}$/;
const mark = '$integer:';

/** Parses JSON; integers of 16 digits and more become bigints. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  const marked = text.replace(token, (written) => (long.test(written) ? `"${mark}${written}"` : written));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) && long.test(value.slice(mark.length))
      ? BigInt(value.slice(mark.length))
      : value,
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
