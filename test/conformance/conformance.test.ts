import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../cli/support.js';

// The meaning of the language, construct by construct. A file is a construct; a line is a question as `policy eval --batch`
// takes it, with `shows`, what it is about, and `expect`: a truth, or an error with the line and column it must point at.
// All lines of a file are asked through the command line at once.

interface Line {
  readonly shows: string;
  readonly expression: string;
  readonly expect: boolean | 'unknown' | { readonly error: { readonly line?: number; readonly column?: number } };
}

interface Answer {
  readonly result?: boolean | 'unknown';
  readonly error?: { readonly message: string; readonly line?: number; readonly column?: number };
}

const directory = import.meta.dirname;
const constructs = readdirSync(directory).filter((name) => name.endsWith('.ndjson'));

function linesOf<T>(text: string): T[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

function read(construct: string): Line[] {
  return linesOf<Line>(readFileSync(join(directory, construct), 'utf8'));
}

/** What an answer must contain for a line to hold. */
function wanted({ expect: expected }: Line): Record<string, unknown> {
  if (typeof expected !== 'object') return { result: expected };
  return {
    error: expect.objectContaining({ line: expect.any(Number), column: expect.any(Number), ...expected.error }),
  };
}

test('every construct has its table', () => {
  expect(constructs.length).toBeGreaterThanOrEqual(18);
  expect(constructs.flatMap(read).length).toBeGreaterThanOrEqual(500);
});

describe.each(constructs)('%s', (construct) => {
  test('every line is answered as the reference answers it', async () => {
    const lines = read(construct);
    const { status, stdout } = await run(['policy', 'eval', '--batch', join(directory, construct)]);
    expect(status).toBe(0);
    const answers = linesOf<Answer>(stdout);
    expect(answers).toHaveLength(lines.length);
    const about = lines.map(({ shows, expression }) => ({ shows, expression }));
    expect(about.map((question, at) => ({ ...question, ...answers[at] }))).toEqual(
      about.map((question, at) => ({ ...question, ...wanted(lines[at]!) })),
    );
  });
});
