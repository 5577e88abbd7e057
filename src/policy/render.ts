/** Diagnostics as text for a person: place, sentence, source line, caret, help. */
import type { Diagnostic } from './ruleset.js';

/** How to mark parts of a text; `plain` marks nothing. */
export interface Style {
  error(text: string): string;
  warning(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

export const plain: Style = {
  error: (text) => text,
  warning: (text) => text,
  strong: (text) => text,
  faint: (text) => text,
};

/** Several lines, the last without a line break. Control characters of the source are shown as blanks. */
export function renderDiagnostic(diagnostic: Diagnostic, style: Style = plain): string {
  const { file, line, column, severity, code, message, excerpt, help } = diagnostic;
  const lines = [`${style.strong(`${file}:${line}:${column}:`)} ${style[severity](severity)}[${code}]: ${message}`];
  if (excerpt !== undefined) {
    const number = String(line);
    const gutter = ' '.repeat(number.length);
    // The caret line repeats the tabs of the source line, so that both are indented alike on any terminal.
    const indent = blank(excerpt.slice(0, column - 1));
    const marked = blank(excerpt.slice(column - 1, (diagnostic.endColumn ?? column + 1) - 1)).length;
    lines.push(`${style.faint(`${number} |`)} ${printable(excerpt)}`);
    lines.push(`${style.faint(`${gutter} |`)} ${indent}${style[severity]('^'.repeat(Math.max(1, marked)))}`);
    if (help !== undefined) lines.push(`${style.faint(`${gutter} =`)} help: ${help}`);
  } else if (help !== undefined) {
    lines.push(`  help: ${help}`);
  }
  return lines.join('\n');
}

function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, ' ');
}

/** As wide as the text: a blank a character, tabs kept. */
function blank(text: string): string {
  return Array.from(text, (character) => (character === '\t' ? '\t' : ' ')).join('');
}
