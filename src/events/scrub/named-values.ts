/**
 * Values that follow a secret name in a text: `--password x`, `TOKEN=x`, `"api_key": "x"`, `Authorization: Bearer x`. One
 * pass from left to right; what was looked at is not looked at again, so that no text takes more than linear time.
 */
import { isAboutSecret, isSecretHeader, secretWord } from './names.js';
import type { Range } from './ranges.js';

const nameUnit = /[A-Za-z0-9_.-]/;

export function namedValues(text: string): Range[] {
  const words = secretWord;
  words.lastIndex = 0;
  const found: Range[] = [];
  let done = 0;
  for (let word = words.exec(text); word !== null; word = words.exec(text)) {
    const name = nameAround(text, word.index, words.lastIndex, done);
    const value = isAboutSecret(name.text) ? undefined : valueBehind(text, name, word.groups?.weak === undefined);
    if (value !== undefined) found.push(value);
    done = Math.max(value?.end ?? 0, name.end);
    words.lastIndex = done;
  }
  return found.concat(bearerValues(text));
}

interface Name extends Range {
  readonly text: string;
}

function nameAround(text: string, start: number, end: number, least: number): Name {
  let [from, to] = [start, end];
  while (from > least && nameUnit.test(text[from - 1]!)) from--;
  while (to < text.length && nameUnit.test(text[to]!)) to++;
  return { start: from, end: to, text: text.slice(from, to) };
}

/** `=` or `:`, with quotes of the name before it as in JSON, escaped or not. */
const separator = /\\*["']?\s*(=>?|:)\s*/y;
const blanks = /\s+/y;

function valueBehind(text: string, name: Name, strong: boolean): Range | undefined {
  const option = name.text.startsWith('-');
  separator.lastIndex = name.end;
  const [separated, sign] = separator.exec(text) ?? [];
  if (separated !== undefined) {
    // `the key: a word` is how people write; `key=` is not.
    if (sign === ':' && !strong && !option) return undefined;
    const start = name.end + separated.length;
    const header = sign === ':' && isSecretHeader(name.text);
    return filled(start, header ? headerEnd(text, name) : valueEnd(text, start, text[name.start - 1]));
  }
  blanks.lastIndex = name.end;
  const [gap] = blanks.exec(text) ?? [];
  if (!option || gap === undefined) return undefined;
  const start = name.end + gap.length;
  return isLongOption(text.slice(start, start + 3)) ? undefined : filled(start, valueEnd(text, start, undefined));
}

/** What stands where a value is expected, and is an option itself. */
export function isLongOption(text: string): boolean {
  return /^--[A-Za-z]/.test(text);
}

function filled(start: number, end: number): Range | undefined {
  return end > start ? { start, end } : undefined;
}

/** To the quote that closes the header, or to the end of the line. */
function headerEnd(text: string, { start }: Name): number {
  const before = text[start - 1];
  const closing = before === '"' || before === "'" ? before : '\n';
  const end = text.indexOf(closing, start);
  return end < 0 ? text.length : end;
}

/** The end of a word as a shell, JSON or the query of a URL has it. `before`: what stands before the name. */
function valueEnd(text: string, start: number, before: string | undefined): number {
  const [opening] = /^\\*["']/.exec(text.slice(start, start + 8)) ?? [];
  if (opening !== undefined) {
    const end = text.indexOf(opening, start + opening.length);
    return end < 0 ? text.length : end + opening.length;
  }
  const query = before === '?' || before === '&';
  for (let at = start; at < text.length; at++) {
    const unit = text[at]!;
    if (/\s/.test(unit) || (query && unit === '&')) return at;
    if (unit === '\\') at++;
    if (unit !== '"' && unit !== "'") continue;
    // A quote that was opened before the name ends here; one that opens here belongs to the value.
    if (/^(?:$|[\s,;)\]}])/.test(text.slice(at + 1, at + 2))) return at;
    const closing = text.indexOf(unit, at + 1);
    if (closing < 0) return text.length;
    at = closing;
  }
  return text.length;
}

const bearer = /\bbearer\s+([^\s"']{8,})/gi;

function bearerValues(text: string): Range[] {
  if (!/bearer/i.test(text)) return [];
  return [...text.matchAll(bearer)].map((match) => {
    const end = match.index + match[0].length;
    return { start: end - match[1]!.length, end };
  });
}
