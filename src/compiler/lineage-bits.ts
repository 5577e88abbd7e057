/** Lineage bits of a task: what they become by an exec. The same as in bpf/lineage.h. */

/** Bit n: condition n of the image is true, or unknown, of the program that the task runs (`parent` of its next exec) and of those before. */
export interface LineageBits {
  readonly parent: bigint;
  readonly parentUnknown: bigint;
  /** Without the program that the task runs. */
  readonly ancestors: bigint;
  readonly ancestorsUnknown: bigint;
}

/** As an exec sees them: the program that runs is the parent and one of the ancestors. Without bits all are unknown. */
export function lineageAtExec(image: { readonly lineageWords: number }, before: LineageBits | undefined): LineageBits {
  const all = (1n << BigInt(image.lineageWords * 64)) - 1n;
  if (before === undefined) return { parent: 0n, parentUnknown: all, ancestors: 0n, ancestorsUnknown: all };
  const parent = before.parent & all;
  const parentUnknown = before.parentUnknown & all & ~parent;
  const ancestors = (before.ancestors | parent) & all;
  return {
    parent,
    parentUnknown,
    ancestors,
    ancestorsUnknown: (before.ancestorsUnknown | parentUnknown) & all & ~ancestors,
  };
}

/** Numbers of the bits that are set, ascending. */
export function setIn(bits: bigint): number[] {
  const found: number[] = [];
  for (let number = 0; bits >> BigInt(number) > 0n; number++) {
    if (((bits >> BigInt(number)) & 1n) === 1n) found.push(number);
  }
  return found;
}
