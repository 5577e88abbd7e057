/**
 * When the environment of a program matters at all. It is the longest part of an argument block, and rules that ask for it mostly ask for a
 * place or a name of the file as well: where the file alone makes every such condition false, the kernel neither reads nor walks it.
 */
import { fact, fileFacts, LITERAL_NOT, source, step, stream } from './layout.js';
import type { ImageContent } from './writer.js';

/** As bpf/abi.h: PC_GUARDS and PC_GUARD_LITERALS. */
export const mostGuards = 8;
export const mostGuardLiterals = 4;

type Content = Pick<ImageContent, 'clauses' | 'programs' | 'lineage' | 'atomSources'>;

/**
 * Lists of literals about the file, in the role it was asked for. Where each of them has a false one, what the environment holds changes no
 * rule. None: it always may.
 */
export function environmentGuards({
  clauses,
  programs,
  lineage,
  atomSources,
}: Content): readonly (readonly number[])[] {
  const isOfEnvironment = (atom: number) => atomSources[atom] === source.stream + stream.envs;
  const steps = [...programs.map((program) => program.steps), ...lineage].flat();
  if (steps.some((value) => value < step.and && isOfEnvironment(value))) return [];
  const guards = new Map<string, readonly number[]>();
  for (const { literals } of clauses) {
    if (!literals.some((literal) => isOfEnvironment(atomOf(literal)))) continue;
    const guard = literals.filter((literal) => isOfFile(atomSources[atomOf(literal)]!)).slice(0, mostGuardLiterals);
    if (guard.length === 0) return [];
    guards.set(guard.join(), guard);
  }
  return guards.size > mostGuards ? [] : [...guards.values()];
}

function atomOf(literal: number): number {
  return literal & ~LITERAL_NOT;
}

const factNumbers = Object.values(fact).filter((number) => number >= fileFacts);

function isOfFile(from: number): boolean {
  const strings = [stream.path, stream.name].map((number) => source.stream + number);
  return strings.includes(from) || factNumbers.some((number) => from === source.fact + number);
}
