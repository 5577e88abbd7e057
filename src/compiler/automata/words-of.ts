/** Which matchers are words, and which words they are, for each way in which bytes make up values. */

import { parseGlob } from '../../secl/glob.js';
import type { Bytes, Matcher } from '../../secl/index.js';
import { isPrefixCertain } from '../../secl/matcher.js';
import type { Word } from './words.js';

/** A word without what it tells: that is the caller's. */
export type Text = Omit<Word, 'output'>;

/** A row of words, in order and without overlap. */
export type Pieces = readonly Text[];

/** Words of which any one is a match, and rows of pieces of which any is a match. */
export interface Words {
  readonly single: readonly Text[];
  readonly pieces: readonly Pieces[];
}

const none: Words = { single: [], pieces: [] };

/** The words of a matcher over values, or nothing when it needs a machine. No value of the kernel has a NUL byte. */
export function wordsOfValue(matcher: Matcher): Words | undefined {
  switch (matcher.kind) {
    case 'exact':
      return single(anchored(matcher.bytes, 'at-beginning', 'at-end'));
    case 'wildcard':
      return wordsOfWildcard(matcher);
    case 'glob':
      return wordsOfGlob(matcher.pattern);
    case 'regexp':
      return undefined;
  }
}

/**
 * The words of a flag over the argument block: `--name`, and `-name` unless that would be a `--`. The reference strips at
 * most two dashes and leaves out what has a `=`. A flag of one character is no word: it may stand anywhere in `-abc`.
 */
export function wordsOfFlag(flag: Bytes): Words | undefined {
  if (flag === '' || flag.includes('=') || flag.includes('\0')) return none;
  if (flag.length === 1) return isAlphanumeric(flag) ? undefined : none;
  return { single: dashed(flag).map((text) => anchored(text, 'at-beginning', 'at-end')), pieces: [] };
}

/** The words of an option over the argument block: `--name=value`, or `--name`, a border, and the value. */
export function wordsOfOption(option: Bytes): Words {
  const equals = option.indexOf('=');
  if (equals < 1 || !isAlphanumeric(option[0]!) || option.includes('\0')) return none;
  const name = option.slice(0, equals);
  const value = option.slice(equals + 1);
  const texts = dashed(option);
  if (!value.startsWith('-')) texts.push(...dashed(name).map((text) => `${text}\0${value}`));
  return { single: texts.map((text) => anchored(text, 'at-beginning', 'at-end')), pieces: [] };
}

function wordsOfWildcard({ segments, anchoredStart, anchoredEnd }: Extract<Matcher, { kind: 'wildcard' }>): Words {
  if (segments.some((segment) => segment.includes('\0'))) return none;
  // Only stars: every value, but only once it is there whole.
  if (segments.length === 0) return single(anchored('', 'anywhere', 'at-end'));
  const last = segments.length - 1;
  const texts = segments.map((text, at) =>
    anchored(
      text,
      at === 0 && anchoredStart ? 'at-beginning' : 'anywhere',
      at === last && anchoredEnd ? 'at-end' : 'anywhere',
    ),
  );
  return texts.length === 1 ? single(texts[0]!) : { single: [], pieces: [texts] };
}

/** Path globs whose only star is `**` are a beginning and an end, which may overlap. */
function wordsOfGlob(pattern: Bytes): Words | undefined {
  if (pattern.includes('\0')) return none;
  if (!pattern.includes('*')) return pattern === '' ? none : single(anchored(pattern, 'at-beginning', 'at-end'));
  const { before, after } = parseGlob(pattern);
  if (after === undefined || [...before, ...after].some((segment) => segment.includes('*'))) return undefined;
  const beginning = before.map((segment) => `${segment}/`).join('');
  const end = after.map((segment) => `/${segment}`).join('');
  if (end === '') {
    const certain = isPrefixCertain({ kind: 'glob', pattern });
    return certain ? single(anchored(beginning, 'at-beginning', 'anywhere')) : undefined;
  }
  if (beginning === '') return single(anchored(end, 'anywhere', 'at-end'));
  const overlapping: Text[] = [];
  for (let shared = 1; shared <= Math.min(beginning.length, end.length); shared++) {
    if (!beginning.endsWith(end.slice(0, shared))) continue;
    overlapping.push(anchored(beginning + end.slice(shared), 'at-beginning', 'at-end'));
  }
  const apart = [anchored(beginning, 'at-beginning', 'anywhere'), anchored(end, 'anywhere', 'at-end')];
  return { single: overlapping, pieces: [apart] };
}

function dashed(text: Bytes): Bytes[] {
  return text.startsWith('-') ? [`--${text}`] : [`-${text}`, `--${text}`];
}

function anchored(text: Bytes, starts: Text['starts'], ends: Text['ends']): Text {
  return { text, starts, ends };
}

function single(text: Text): Words {
  return text.text.includes('\0') ? none : { single: [text], pieces: [] };
}

function isAlphanumeric(character: string): boolean {
  return /^[a-zA-Z0-9]/.test(character);
}
