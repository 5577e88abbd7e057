/** The configuration cannot be used. The message begins with the place: file, line and column, or variable, or option. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: 'config-unreadable' | 'config-yaml' | 'config-key' | 'config-value';
  /** In the file, from 1. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(code: ConfigError['code'], message: string, position?: { line: number; column: number }) {
    super(message);
    this.code = code;
    this.line = position?.line;
    this.column = position?.column;
  }
}
