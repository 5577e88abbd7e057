/** The search for a regular expression in a row of runes: subsets of its program's instructions, numbered as they are met. */
import { States } from './machine.js';
import {
  BEGIN_LINE,
  BEGIN_TEXT,
  END_LINE,
  END_TEXT,
  NO_WORD_BOUNDARY,
  type Program,
  WORD_BOUNDARY,
} from './regexp-program.js';
import { classifyRunes, type RuneClasses, type RuneKind } from './runes.js';

/** What stands before or after a position. */
type Side = RuneKind | 'border';

interface SearchState {
  /** Rune instructions that the next rune may satisfy. */
  readonly runes: readonly number[];
  /** Assertions about the next rune, which is not known yet, and what stands before it. */
  readonly waiting: readonly number[];
  readonly previous: Side;
  /** An occurrence ends here. */
  readonly hit: boolean;
}

/** `keeps`: once the expression has occurred, the search stays in the state `kept`. */
export type Memory = 'keeps' | 'forgets';

export class RuneSearch {
  readonly runes: RuneClasses;
  readonly start: number;
  private readonly states = new States<SearchState>();
  private readonly steps = new Map<number, number>();
  private readonly entries = new Map<string, number>();
  private readonly kept: number;
  private readonly onlyAtBeginning: boolean;

  constructor(
    private readonly program: Program,
    readonly memory: Memory,
  ) {
    this.runes = classifyRunes(program);
    this.kept = this.states.number('kept', () => ({ runes: [], waiting: [], previous: 'other', hit: true }));
    this.onlyAtBeginning = (['newline', 'word', 'other'] as const).every((side) => {
      const { runes, waiting, hit } = this.enter([program.start], side);
      return runes.length === 0 && waiting.length === 0 && !hit;
    });
    this.start = this.number(this.enter([program.start], 'border'));
  }

  /** The search after one more rune of the class. */
  step(from: number, runeClass: number): number {
    if (this.isKept(from)) return from;
    const edge = from * this.runes.members.length + runeClass;
    let to = this.steps.get(edge);
    if (to === undefined) {
      to = this.follow(this.states.get(from), runeClass);
      this.steps.set(edge, to);
    }
    return to;
  }

  isHit(state: number): boolean {
    return this.states.get(state).hit;
  }

  /** Nothing that follows changes the answer, which is yes. */
  isKept(state: number): boolean {
    return this.memory === 'keeps' && state === this.kept;
  }

  /** Nothing that follows changes the answer, which is no. */
  isHopeless(state: number): boolean {
    const { runes, waiting, hit } = this.states.get(state);
    return this.onlyAtBeginning && runes.length === 0 && waiting.length === 0 && !hit;
  }

  /** Whether an occurrence ends at the end of the value, or has ended before and is kept. */
  acceptsAtEnd(state: number): boolean {
    const at = this.states.get(state);
    return at.hit || this.resolve(at, 'border').hit;
  }

  private follow(state: SearchState, runeClass: number): number {
    const resolved = this.resolve(state, this.runes.kinds[runeClass]!);
    if (resolved.hit && this.memory === 'keeps') return this.kept;
    const members = this.runes.members[runeClass]!;
    const seeds = [this.program.start];
    const take = (index: number) => {
      const instruction = this.program.instructions[index]!;
      if (instruction.kind === 'rune' && members.has(index)) seeds.push(instruction.next);
    };
    state.runes.forEach(take);
    resolved.runes.forEach(take);
    return this.entered(seeds, this.runes.kinds[runeClass]!);
  }

  /** The state of `enter`, kept: most runes lead from most states to where the expression only begins. */
  private entered(seeds: readonly number[], previous: RuneKind): number {
    const key = `${previous} ${seeds.join()}`;
    let state = this.entries.get(key);
    if (state === undefined) {
      state = this.number(this.enter(seeds, previous));
      this.entries.set(key, state);
    }
    return state;
  }

  private number(state: SearchState): number {
    if (state.hit && this.memory === 'keeps') return this.kept;
    const key = `${state.runes.join()}|${state.waiting.join()}|${state.waiting.length > 0 ? state.previous : ''}|${state.hit}`;
    return this.states.number(key, () => state);
  }

  /** All that is reached without a rune, as far as it is known before the next one. */
  private enter(seeds: readonly number[], previous: Side): SearchState {
    const known = conditionsBefore(previous);
    const { runes, waiting, hit } = this.close(seeds, (conditions) => {
      if ((conditions & (BEGIN_TEXT | BEGIN_LINE) & ~known) !== 0) return 'fails';
      return (conditions & ~(BEGIN_TEXT | BEGIN_LINE)) === 0 ? 'holds' : 'waits';
    });
    return { runes, waiting, previous, hit };
  }

  /** What the waiting assertions lead to, now that the next rune is known. */
  private resolve(state: SearchState, next: Side): { runes: readonly number[]; hit: boolean } {
    if (state.waiting.length === 0) return { runes: [], hit: false };
    const known = conditionsBefore(state.previous) | conditionsBetween(state.previous, next);
    return this.close(state.waiting, (conditions) => ((conditions & ~known) === 0 ? 'holds' : 'fails'));
  }

  private close(seeds: readonly number[], decide: (conditions: number) => 'holds' | 'fails' | 'waits') {
    const seen = new Set<number>();
    const stack = [...seeds];
    const runes: number[] = [];
    const waiting: number[] = [];
    let hit = false;
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      const instruction = this.program.instructions[index]!;
      switch (instruction.kind) {
        case 'fork':
          stack.push(...instruction.targets);
          break;
        case 'assert': {
          const decision = decide(instruction.conditions);
          if (decision === 'holds') stack.push(instruction.next);
          if (decision === 'waits') waiting.push(index);
          break;
        }
        case 'rune':
          runes.push(index);
          break;
        case 'match':
          hit = true;
          break;
        case 'fail':
          break;
      }
    }
    return { runes: runes.sort((a, b) => a - b), waiting: waiting.sort((a, b) => a - b), hit };
  }
}

function conditionsBefore(previous: Side): number {
  switch (previous) {
    case 'border':
      return BEGIN_TEXT | BEGIN_LINE;
    case 'newline':
      return BEGIN_LINE;
    case 'word':
    case 'other':
      return 0;
  }
}

function conditionsBetween(previous: Side, next: Side): number {
  const end = next === 'border' ? END_TEXT | END_LINE : next === 'newline' ? END_LINE : 0;
  return end | ((previous === 'word') !== (next === 'word') ? WORD_BOUNDARY : NO_WORD_BOUNDARY);
}
