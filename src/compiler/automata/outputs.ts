/**
 * What an automaton says when it enters a state: atoms that are now true, and progress of patterns of several pieces.
 * Lists are interned so that equal ones are one list in the image.
 */
import { CompileError } from '../errors.js';
import { outputsPerState } from '../limits.js';

export type Output =
  | { readonly kind: 'atom'; readonly atom: number }
  /** Piece `segment` of `pattern`, which began `length` bytes ago, ends here. */
  | { readonly kind: 'segment'; readonly pattern: number; readonly segment: number; readonly length: number }
  /** The last piece: when it was the next one, `atom` is true. */
  | {
      readonly kind: 'last-segment';
      readonly pattern: number;
      readonly segment: number;
      readonly length: number;
      readonly atom: number;
    }
  /** A new element begins: the patterns [first, first + count) start anew. */
  | { readonly kind: 'reset'; readonly first: number; readonly count: number };

/** Number of an interned list; 0 is the empty one. */
export type ListId = number;

const order = { atom: 0, segment: 1, 'last-segment': 1, reset: 2 } as const;

/** Atoms first, then pieces in ascending order, a reset last: it belongs to the element that begins. */
function compare(a: Output, b: Output): number {
  const byKind = order[a.kind] - order[b.kind];
  if (byKind !== 0) return byKind;
  switch (a.kind) {
    case 'atom':
      return a.atom - (b as typeof a).atom;
    case 'reset':
      return a.first - (b as typeof a).first;
    default: {
      const other = b as typeof a;
      return a.pattern - other.pattern || a.segment - other.segment || a.length - other.length;
    }
  }
}

function key(output: Output): string {
  switch (output.kind) {
    case 'atom':
      return `a${output.atom}`;
    case 'segment':
      return `s${output.pattern}.${output.segment}.${output.length}`;
    case 'last-segment':
      return `l${output.pattern}.${output.segment}.${output.length}.${output.atom}`;
    case 'reset':
      return `r${output.first}.${output.count}`;
  }
}

/** Interned output lists of one image. */
export class OutputLists {
  private readonly lists: (readonly Output[])[] = [[]];
  private readonly ids = new Map<string, ListId>([['', 0]]);
  private readonly merged = new Map<number, ListId>();

  /** The number of the list with these outputs, in the order the kernel applies them. */
  intern(outputs: readonly Output[]): ListId {
    if (outputs.length === 0) return 0;
    const sorted = outputs.length === 1 ? outputs : [...outputs].sort(compare);
    const unique: Output[] = [];
    const keys: string[] = [];
    for (const output of sorted) {
      const name = key(output);
      if (keys[keys.length - 1] === name) continue;
      keys.push(name);
      unique.push(output);
    }
    if (unique.length > outputsPerState.value) {
      throw new CompileError(
        'too-many-outputs',
        `One byte would decide more than ${outputsPerState.value} tests: many patterns end with the same text.`,
      );
    }
    const name = keys.join(' ');
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = this.lists.push(unique) - 1;
    this.ids.set(name, id);
    return id;
  }

  /** The list with the outputs of both. */
  merge(a: ListId, b: ListId): ListId {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    const pair = Math.min(a, b) * 0x4000000 + Math.max(a, b);
    const known = this.merged.get(pair);
    if (known !== undefined) return known;
    const id = this.intern([...this.get(a), ...this.get(b)]);
    this.merged.set(pair, id);
    return id;
  }

  get(id: ListId): readonly Output[] {
    return this.lists[id]!;
  }
}
