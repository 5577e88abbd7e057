/** How verbs print: colours on a terminal, tables, JSON. */
import type { Writable } from 'node:stream';
import { type Diagnostic, plain, renderDiagnostic, type Style } from '../policy/index.js';
import type { Io } from './verb.js';

const sgr = (code: string) => (text: string) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);

const colours: Style = {
  error: sgr('1;31'),
  warning: sgr('1;33'),
  strong: sgr('1'),
  faint: sgr('2'),
};

/** Colours on a terminal, unless NO_COLOR is set to anything or the terminal is dumb. */
export function styleOf(stream: Writable, env: Io['env']): Style {
  const isTerminal = 'isTTY' in stream && stream.isTTY === true;
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb' ? colours : plain;
}

/** Writes a line. */
export function print(stream: Writable, line: string): void {
  stream.write(`${line}\n`);
}

/** Writes a value as one line of JSON; big integers are numbers there. */
export function printJson(stream: Writable, value: unknown): void {
  print(stream, toJson(value));
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? exactNumber(item) : item));
}

/** A number where JSON readers keep it exactly, otherwise its digits as text. */
function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

export function printDiagnostics(stream: Writable, diagnostics: readonly Diagnostic[], env: Io['env']): void {
  const style = styleOf(stream, env);
  for (const diagnostic of diagnostics) print(stream, `${renderDiagnostic(diagnostic, style)}\n`);
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** `1 rule`, `2 rules`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
