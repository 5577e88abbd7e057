/** Nanoseconds a unit. */
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const part = /(\d+)(?:\.(\d+))?(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Nanoseconds of a duration as policy files write it: numbers with a unit, one after another (`90s`, `1h30m`,
 * `1.5h`), or `0`. Undefined when it is not one, or too long for 63 bits.
 */
export function parseDuration(text: string): bigint | undefined {
  if (text === '0') return 0n;
  // 64 characters write every duration there is; a million digits would only cost time.
  if (text === '' || text.length > 64) return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const [, whole, fraction = '', unit] = match;
    const nanoseconds = units[unit!]!;
    total += BigInt(whole!) * nanoseconds + (BigInt(`0${fraction}`) * nanoseconds) / 10n ** BigInt(fraction.length);
  }
  return total < 1n << 63n ? total : undefined;
}
