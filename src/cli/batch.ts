/** Many evaluations, one JSON object a line. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { answer, type Question } from './evaluation.js';
import { isObject, parseJson } from './json.js';
import { toJson } from './output.js';
import { QuestionError } from './question-error.js';
import type { ExitStatus } from './verb.js';

/**
 * Answers each line with a line, in order; empty lines are passed over. 0 when every line was well-formed, whatever the
 * answers; 1 when one was not: it is answered with an error all the same.
 */
export async function answerBatch(input: Readable, output: Writable): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const reply = answerLine(line);
    if (reply.malformed) status = 1;
    if (!output.write(`${toJson(reply.answer)}\n`)) await drained(output);
  }
  return status;
}

interface Reply {
  readonly answer: unknown;
  readonly malformed?: true;
}

function answerLine(line: string): Reply {
  try {
    const reply = answer(readQuestion(line));
    if (reply.outcome === 'answered') return { answer: { result: reply.result } };
    const { message, line: at, column } = reply.error;
    return { answer: { error: { message, line: at, column } } };
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    return { answer: { error: { message: error.message } }, malformed: true };
  }
}

function readQuestion(line: string): Question {
  let question: unknown;
  try {
    question = parseJson(line);
  } catch (error) {
    throw new QuestionError(`not JSON: ${(error as Error).message}`);
  }
  if (!isObject(question) || typeof question.expression !== 'string') {
    throw new QuestionError('a line is an object with `expression` and `event`');
  }
  const { expression, event = {}, macros, variables } = question;
  if (!isObject(event)) throw new QuestionError('`event` is an object from field names to values');
  return { expression, event, macros, variables };
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    output.once('drain', resolve);
  });
}
