import type { FieldType } from '../field.js';

/** What is particular about a field, beside its type. */
export interface Traits {
  readonly array?: true;
  readonly path?: true;
  readonly foldCase?: true;
  readonly time?: true;
  /** A field `.length` comes with it. */
  readonly length?: true;
  readonly since?: string;
}

/** A field of a group, under a prefix that the group is given. */
export interface Entry extends Traits {
  readonly name: string;
  readonly type: FieldType;
  readonly description: string;
}

export function text(name: string, description: string, traits: Traits = {}): Entry {
  return { name, type: 'string', description, ...traits };
}

export function number(name: string, description: string, traits: Traits = {}): Entry {
  return { name, type: 'int', description, ...traits };
}

export function flag(name: string, description: string, traits: Traits = {}): Entry {
  return { name, type: 'bool', description, ...traits };
}

export function address(name: string, description: string, traits: Traits = {}): Entry {
  return { name, type: 'ip', description, ...traits };
}

export function time(name: string, description: string, traits: Traits = {}): Entry {
  return { name, type: 'int', description, time: true, ...traits };
}

export const array = { array: true } as const satisfies Traits;

/** The entries under one more name: `file` + `path` gives `file.path`. */
export function under(prefix: string, entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => ({ ...entry, name: `${prefix}.${entry.name}` }));
}
