/** Names that a person may have meant, best first, at most three. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  const most = Math.min(4, Math.floor(name.length / 3));
  const last = lastPart(name);
  const close = names
    .filter((candidate) => Math.abs(candidate.length - name.length) <= most || lastPart(candidate) === last)
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate, 2 * most) }))
    .filter(({ distance, candidate }) => distance <= most || (lastPart(candidate) === last && distance <= 2 * most))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = close[0]?.distance ?? 0;
  return close
    .filter(({ distance }) => distance <= best + 1)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/**
 * Insertions, deletions and replacements that turn one into the other; more than `most` is told as `most + 1`. Only the
 * band of the table that can stay within `most` is filled in, since thousands of names are compared.
 */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  const beyond = most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, at) => Math.min(at, beyond));
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(b.length + 1).fill(beyond);
    if (i <= most) next[0] = i;
    let best = next[0]!;
    for (let j = Math.max(1, i - most); j <= Math.min(b.length, i + most); j++) {
      const cost = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost, beyond);
      best = Math.min(best, next[j]!);
    }
    if (best > most) return beyond;
    row = next;
  }
  return row[b.length]!;
}
