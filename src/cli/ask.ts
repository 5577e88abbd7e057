/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline/promises';
import { PassThrough } from 'node:stream';
import { type Io, UsageError } from './verb.js';

/** Whether the answer is yes; anything else, and the end of the input, is no. */
export async function confirm(question: string, { stdin, stdout }: Io): Promise<'yes' | 'no'> {
  const answer = await readLine(stdin, `${question} [y/N] `, stdout);
  return /^\s*y(es)?\s*$/i.test(answer) ? 'yes' : 'no';
}

/** Asks without showing what is typed. Throws UsageError when there is nobody to ask. */
export async function askSecretly(question: string, { stdin, stderr }: Io): Promise<string> {
  if (!isTerminal(stdin)) {
    throw new UsageError('There is no terminal to ask for the passphrase; use --passphrase-file.');
  }
  stderr.write(question);
  const answer = await readLine(stdin, '', new PassThrough().resume());
  stderr.write('\n');
  return answer;
}

export function isTerminal(stream: Io['stdin']): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

async function readLine(input: Io['stdin'], question: string, output: NodeJS.WritableStream): Promise<string> {
  output.write(question);
  const lines = createInterface({ input, output, terminal: isTerminal(input) });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
