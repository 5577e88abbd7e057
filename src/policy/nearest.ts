import { nearestNames } from '../secl/index.js';

/** "did you mean `x`?", for the help of a diagnostic; undefined when no known name is near. */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  const [name] = nearestNames(written, known);
  return name === undefined ? undefined : `did you mean \`${name}\`?`;
}
