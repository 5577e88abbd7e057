/** Walks the automata of one stream and sets atoms: what the kernel does with the same tables. */
import type { Bytes } from '../../secl/index.js';
import { output as outputKind, ROW_EMITS, type StreamName } from './layout.js';
import type { AutomatonRecord, ImageReader } from './reader.js';

/** Bytes of a string that were read. `complete`: there are no more, so END is fed. */
export interface Fed {
  readonly bytes: Bytes;
  readonly complete: boolean;
}

/** A block: its strings joined by one NUL. `none`: it has no string at all. */
export interface FedBlock extends Fed {
  readonly none?: true;
}

/** Progress in the patterns of several pieces, by pattern. */
interface Progress {
  readonly next: Uint8Array;
  readonly end: Float64Array;
}

/** Feeds a value to every automaton of a stream; each automaton begins with no progress. */
export function walk(image: ImageReader, stream: StreamName, fed: FedBlock, set: (atom: number) => void): void {
  for (const automaton of image.automata.get(stream) ?? []) {
    const progress: Progress = {
      next: new Uint8Array(image.segmentPatterns),
      end: new Float64Array(image.segmentPatterns),
    };
    if (fed.none) apply(image, automaton.absent, 0, progress, set);
    else walkOne(image, automaton, fed, progress, set);
  }
}

/** Applies an output list that belongs to no walk: of an integer's region, or of the interpreter that is not there. */
export function applyList(image: ImageReader, list: number, set: (atom: number) => void): void {
  for (const { atom } of image.outputs(list)) set(atom);
}

function walkOne(
  image: ImageReader,
  automaton: AutomatonRecord,
  { bytes, complete }: Fed,
  progress: Progress,
  set: (atom: number) => void,
): void {
  let row = automaton.start;
  const enter = (transition: number, position: number) => {
    row = transition & ~ROW_EMITS;
    if ((transition & ROW_EMITS) !== 0) apply(image, image.u32(row - 4), position, progress, set);
  };
  for (let at = 0; at < bytes.length; at++) {
    enter(image.u32(row + image.classOf(automaton.classes, bytes.charCodeAt(at)) * 4), at + 1);
  }
  if (complete) enter(image.u32(row + automaton.end), bytes.length);
}

function apply(
  image: ImageReader,
  list: number,
  position: number,
  progress: Progress,
  set: (atom: number) => void,
): void {
  for (const { kind, atom, segment, pattern, length } of image.outputs(list)) {
    switch (kind) {
      case outputKind.atom:
        set(atom);
        break;
      case outputKind.reset:
        progress.next.fill(0, pattern, pattern + length);
        progress.end.fill(0, pattern, pattern + length);
        break;
      default:
        if (progress.next[pattern] !== segment || position - length < progress.end[pattern]!) break;
        progress.next[pattern] = segment + 1;
        progress.end[pattern] = position;
        if (kind === outputKind.lastSegment) set(atom);
    }
  }
}
