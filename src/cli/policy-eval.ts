/** `portcullis policy eval`: what an expression says about an event. */
import { Command } from 'commander';
import { renderDiagnostic } from '../policy/index.js';
import { type SeclError, unknownNames } from '../secl/index.js';
import { answerBatch } from './batch.js';
import { answer, type Question } from './evaluation.js';
import { openInput, readAll } from './input.js';
import { isObject, parseJson } from './json.js';
import { print, printJson, styleOf } from './output.js';
import { withHelp } from './policy-help.js';
import { QuestionError } from './question-error.js';
import { type ExitStatus, type Invocation, type Io, UsageError } from './verb.js';

interface Options {
  readonly expression?: string;
  readonly event?: string;
  readonly batch?: string;
  readonly json?: true;
}

const description = `say whether an expression holds for an event

An event is a JSON object from field names to values; lists are arrays, the elements of an iterator such as
process.ancestors an array of objects. Fields that are not given have the value zero, empty or false;
exec.args, exec.args_flags and exec.args_options follow from exec.argv. Special values: {"$base64": "..."} for
bytes that are no text, {"$now_minus_ns": N} for times, {"$unknown": true}, {"$truncated": "known beginning"}.

With --batch every line of the file is an object {expression, event, macros?, variables?} and is answered with a
line: {"result": true}, {"result": false}, {"result": "unknown"} or {"error": {message, line, column}}.`;

export function policyEval({ io, finish }: Invocation): Command {
  const command = new Command('eval')
    .summary('say whether an expression holds for an event')
    .description(description)
    .option('--expression <secl>', 'the expression')
    .option('--event <file>', 'the event; - is standard input')
    .option('--batch <file>', 'one question a line; - is standard input')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const { expression, event, batch } = options;
      if (batch !== undefined && expression === undefined && event === undefined) {
        finish(await answerBatch(await openInput(batch, io), io.stdout));
      } else if (batch === undefined && expression !== undefined && event !== undefined) {
        finish(await answerOne(expression, event, io, options));
      } else {
        throw new UsageError('policy eval takes --expression and --event, or --batch alone.');
      }
    });
  return withHelp(command, {
    examples: [
      `echo '{"exec.file.name": "xmrig"}' | portcullis policy eval --expression 'exec.file.name == "xmrig"' --event -`,
    ],
    status: {
      0: 'the expression holds; with --batch: every line was well-formed',
      1: 'it does not hold, is unknown or wrong; with --batch: a line was malformed',
    },
  });
}

async function answerOne(expression: string, path: string, io: Io, { json }: Options): Promise<ExitStatus> {
  const event = await readEvent(path, io);
  for (const name of unknownNames(event)) print(io.stderr, `portcullis: ${name} is not a field; it is ignored.`);
  const reply = ask({ expression, event });
  if (reply.outcome === 'refused') {
    const { message, line, column } = reply.error;
    if (json) printJson(io.stdout, { error: { message, line, column } });
    else print(io.stderr, renderError(expression, reply.error, io));
    return 1;
  }
  if (json) printJson(io.stdout, { result: reply.result });
  else print(io.stdout, String(reply.result));
  return reply.result === true ? 0 : 1;
}

function ask(question: Question): ReturnType<typeof answer> {
  try {
    return answer(question);
  } catch (error) {
    if (error instanceof QuestionError) throw new UsageError(`${error.message}.`);
    throw error;
  }
}

async function readEvent(path: string, io: Io): Promise<Record<string, unknown>> {
  const text = await readAll(await openInput(path, io));
  let event: unknown;
  try {
    event = parseJson(text);
  } catch (error) {
    throw new UsageError(`The event is not JSON: ${(error as Error).message}.`);
  }
  if (!isObject(event)) throw new UsageError('The event is a JSON object from field names to values.');
  return event;
}

function renderError(expression: string, error: SeclError, io: Io): string {
  const { code, message, line, column, start, end, help } = error;
  const excerpt = expression.split('\n')[line - 1] ?? '';
  const diagnostic = {
    severity: 'error' as const,
    code,
    message,
    file: 'expression',
    line,
    column,
    endColumn: Math.min(column + Math.max(1, end - start), excerpt.length + 1),
    excerpt,
    ...(help !== undefined && { help }),
  };
  return renderDiagnostic(diagnostic, styleOf(io.stderr, io.env));
}
