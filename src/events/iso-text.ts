/** Times as events write them. Every event has several, most of them within the same second as the one before. */

/** The text of each second that was asked for lately, without its milliseconds. */
const seconds = new Map<number, string>();
const rememberedSeconds = 256;

/** Milliseconds since the epoch as `Date.toISOString` writes them. Throws RangeError for what is no date. */
export function isoText(milliseconds: number): string {
  const whole = Math.trunc(milliseconds);
  const second = Math.floor(whole / 1_000);
  const known = seconds.get(second);
  const text = known ?? textOfSecond(second);
  const rest = whole - second * 1_000;
  return `${text}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

function textOfSecond(second: number): string {
  const text = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length);
  if (seconds.size >= rememberedSeconds) seconds.clear();
  seconds.set(second, text);
  return text;
}
