/** Values of number and duration literals. Errors are returned as a sentence: the parser knows the place. */
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

export type Literal = { readonly value: bigint } | { readonly problem: string };

/**
 * A signed 64-bit integer. As in the reference, a leading zero means octal, which is how file modes are written:
 * `0755` is 493.
 */
export function integerLiteral(text: string): Literal {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '');
  const octal = digits.length > 1 && digits.startsWith('0');
  if (octal && /[89]/.test(digits)) return { problem: `${text} is not octal: a leading zero means base 8` };
  if (digits.replace(/^0+/, '').length > 24) return { problem: `${text} does not fit in 64 bits` };
  const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  const value = negative ? -magnitude : magnitude;
  if (value > int64Max || value < int64Min) return { problem: `${text} does not fit in 64 bits` };
  return { value };
}

const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** A number with one unit (ms, s, m, h), in nanoseconds. */
export function durationLiteral(text: string): Literal {
  const [, digits, unit] = /^([0-9]+)(.*)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : nanosecondsPerUnit[unit];
  if (digits === undefined || factor === undefined) {
    return { problem: `${text} is not a duration: the units are ms, s, m and h` };
  }
  if (digits.replace(/^0+/, '').length > 20 || BigInt(digits) * factor > int64Max) {
    return { problem: `${text} is longer than 292 years` };
  }
  return { value: BigInt(digits) * factor };
}
