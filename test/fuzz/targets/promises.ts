/** What the parts promise, whatever they are given. */
import { SeclError, type Span } from '../../../src/secl/index.js';

/** A promise that was not kept. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

export function promise(kept: boolean, what: string): void {
  if (!kept) throw new BrokenPromise(what);
}

/** Runs it; a SeclError that points into the text is an answer (undefined), anything else thrown is a finding. */
export function answered<T>(text: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SeclError)) throw error;
    checkError(text, error);
    return undefined;
  }
}

function checkError(text: string, error: SeclError): void {
  promise(
    error.message !== '' && !error.message.includes('undefined'),
    `a message that says nothing: ${error.message}`,
  );
  checkSpan(text, error);
}

function checkSpan(text: string, { start, end, line, column }: Span): void {
  promise(start >= 0 && start <= end && end <= text.length, `a place outside the text: ${start} to ${end}`);
  const before = text.slice(0, start).split('\n');
  promise(line === before.length, `line ${line} for offset ${start}`);
  promise(column === [...before[before.length - 1]!].length + 1, `column ${column} for offset ${start}`);
}
