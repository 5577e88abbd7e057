import { limits } from './limits.js';
import type { Diagnostic } from './ruleset.js';
import type { Range, SourceText } from './source.js';

/** A diagnostic before it has a place. */
export interface Finding {
  readonly severity: Diagnostic['severity'];
  readonly code: string;
  readonly message: string;
  readonly rule?: string | undefined;
  readonly help?: string | undefined;
}

/** Collects what there is to say about one file. */
export class Reporter {
  readonly source: SourceText;
  readonly #diagnostics: Diagnostic[] = [];
  #errors = 0;
  #left = 0;

  constructor(source: SourceText) {
    this.source = source;
  }

  /** How many errors were reported so far: a part of the file that raises it is not loaded. */
  get errors(): number {
    return this.#errors;
  }

  /** Further diagnostics are only counted. */
  get isFull(): boolean {
    return this.#diagnostics.length >= limits.diagnostics.value;
  }

  report(finding: Finding, range: Range): void {
    if (finding.severity === 'error') this.#errors++;
    if (this.isFull) {
      this.#left++;
      return;
    }
    const start = this.source.position(range.start);
    const end = this.source.position(Math.max(range.end, range.start));
    const line = this.source.line(start.line);
    const endColumn = end.line === start.line ? end.column : line.length + 1;
    this.#diagnostics.push({
      severity: finding.severity,
      code: finding.code,
      message: finding.message,
      file: this.source.file,
      line: start.line,
      column: start.column,
      endColumn: Math.max(endColumn, start.column + 1),
      ...(finding.rule !== undefined && { rule: finding.rule }),
      ...(line.length <= limits.excerpt.value && { excerpt: line }),
      ...(finding.help !== undefined && { help: finding.help }),
    });
  }

  /** All that was reported, in the order of the file. */
  diagnostics(): readonly Diagnostic[] {
    const sorted = [...this.#diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
    if (this.#left === 0) return sorted;
    const { line, column, file } = sorted.at(-1)!;
    return [
      ...sorted,
      {
        severity: 'error',
        code: 'too-many',
        message: `${this.#left} more diagnostics are not shown (the limit is ${limits.diagnostics.value} a file)`,
        file,
        line,
        column,
      },
    ];
  }
}
