/** Sizes, times and foreign text as verbs print them. */

/** `1.5 MiB` */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** The two largest parts: `3 d 4 h`, `5 min 2 s`. */
export function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ] as const;
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([number]) => number > 0)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(' ');
}

/** Names and arguments are somebody else's: what a terminal would act on is written out. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** Milliseconds since the epoch of a time, or of so long ago: `2026-01-31T12:00`, `90s`, `15m`, `2h`, `7d`. Throws RangeError. */
export function parseSince(text: string, now: number = Date.now()): number {
  const [, number, unit] = /^(\d{1,9})(s|m|h|d)$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined) {
    const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit]!;
    return Math.max(0, now - Number(number) * seconds * 1_000);
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || time < 0) {
    throw new RangeError(`"${text}" is no time; write one like 15m, 2h, 7d or 2026-01-31T12:00:00Z.`);
  }
  return time;
}
