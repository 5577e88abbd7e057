/**
 * Patterns of the operator's own, in RE2 syntax: their time grows with the text and the pattern, never faster, so that none
 * can hang the agent.
 */
import { RE2JS } from 're2js';
import { limits } from '../limits.js';
import type { Range } from './ranges.js';

/** A pattern that cannot be used. */
export class ScrubPatternError extends RangeError {
  override readonly name = 'ScrubPatternError';
  readonly code = 'scrub-pattern';
}

export class SecretPattern {
  readonly #program: RE2JS;
  /** Characters of a text that are searched. */
  readonly #reach: number;

  /** Throws ScrubPatternError with a sentence. */
  constructor(source: string) {
    if (source.length > limits.scrubPattern.value) {
      throw new ScrubPatternError(`The pattern is longer than ${limits.scrubPattern.value} characters.`);
    }
    try {
      this.#program = RE2JS.compile(source);
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
      throw new ScrubPatternError(`"${source}" is no RE2 pattern: ${why}.`);
    }
    if (this.#program.matcher('').find()) {
      throw new ScrubPatternError(`"${source}" also matches nothing at all; it must name what a secret looks like.`);
    }
    this.#reach = Math.floor(limits.scrubWork.value / this.#program.programSize());
  }

  /** What its groups match, or the whole match of a pattern without groups. What is too long to search is not shown. */
  find(text: string): Range[] {
    const found: Range[] = [];
    if (text.length > this.#reach) found.push({ start: this.#reach, end: text.length });
    const matcher = this.#program.matcher(text.slice(0, this.#reach));
    while (matcher.find()) {
      const groups = matcher.groupCount();
      for (let group = Math.min(1, groups); group <= groups; group++) {
        const start = matcher.start(group);
        if (start >= 0) found.push({ start, end: matcher.end(group) });
      }
    }
    return found;
  }
}
