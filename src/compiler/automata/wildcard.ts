/** `~"a*b"` as a machine: pieces in order, each taken as early as it can be. */
import type { Bytes, Matcher } from '../../secl/index.js';
import { DEAD, literalClasses, type Machine } from './machine.js';

/** Exact strings and wildcards. The states are the pieces' bytes, so a pattern of n bytes has about n of them. */
export function literalMachine(matcher: Extract<Matcher, { kind: 'exact' | 'wildcard' }>): Machine {
  if (matcher.kind === 'exact') {
    return chain({ segments: [matcher.bytes], anchoredStart: true, anchoredEnd: true });
  }
  return chain(matcher);
}

interface Pieces {
  readonly segments: readonly Bytes[];
  readonly anchoredStart: boolean;
  readonly anchoredEnd: boolean;
}

function chain({ segments, anchoredStart, anchoredEnd }: Pieces): Machine {
  // State 1 + offset of the piece + bytes matched of it; one more at the end for "everything matched, rest is free".
  const offsets: number[] = [];
  let total = 1;
  for (const segment of segments) {
    offsets.push(total);
    total += segment.length + 1;
  }
  const done = total;
  const pieceOf = new Int32Array(total);
  offsets.forEach((offset, piece) => {
    pieceOf.fill(piece, offset, offsets[piece + 1] ?? total);
  });
  const borders = segments.map(borderTable);
  const last = segments.length - 1;
  // An anchored last piece is not left when it is complete: another occurrence may stand at the end.
  const isFree = (piece: number) => piece !== last || !anchoredEnd;
  const enter = (piece: number) => (piece > last ? done : offsets[piece]!);

  return {
    start: enter(0),
    classMap: literalClasses(segments.join('')),
    memory: 'keeps',
    step(state, byte) {
      if (state === DEAD || state === done) return state;
      const piece = pieceOf[state]!;
      const segment = segments[piece]!;
      let matched = state - offsets[piece]!;
      if (piece === 0 && anchoredStart) {
        if (matched === segment.length || segment.charCodeAt(matched) !== byte) return DEAD;
        matched++;
      } else {
        const border = borders[piece]!;
        if (matched === segment.length) matched = border[matched]!;
        while (matched > 0 && segment.charCodeAt(matched) !== byte) matched = border[matched]!;
        if (segment.charCodeAt(matched) === byte) matched++;
      }
      if (matched === segment.length && isFree(piece)) return enter(piece + 1);
      return offsets[piece]! + matched;
    },
    accepts(state) {
      if (state === DEAD) return false;
      if (state === done) return true;
      return anchoredEnd && pieceOf[state] === last && state - offsets[last]! === segments[last]!.length;
    },
    hits: (state) => state === done && !anchoredEnd && segments.length > 0,
  };
}

/** Knuth, Morris and Pratt's table: by length matched, the longest proper prefix that is also a suffix. */
function borderTable(text: Bytes): Int32Array {
  const table = new Int32Array(text.length + 1);
  let border = 0;
  for (let length = 1; length < text.length; length++) {
    while (border > 0 && text[length] !== text[border]) border = table[border]!;
    if (text[length] === text[border]) border++;
    table[length + 1] = border;
  }
  return table;
}
