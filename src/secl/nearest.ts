/** Nobody means a name by something longer than this, in characters. */
const longest = 256;

/** Names that a person may have meant, best first, at most three. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  if (name.length > longest) return [];
  const most = Math.min(4, Math.floor(name.length / 3));
  const last = lastPart(name);
  const letters = lettersOf(name);
  const close: { readonly candidate: string; readonly distance: number }[] = [];
  for (const [at, candidate] of names.entries()) {
    const bound = lastPart(candidate) === last ? 2 * most : most;
    if (Math.abs(candidate.length - name.length) > bound) continue;
    if (lettersApart(letters, tableOf(names), at) > bound) continue;
    const distance = editDistance(name, candidate, bound);
    if (distance <= bound) close.push({ candidate, distance });
  }
  close.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = close[0]?.distance ?? 0;
  return close
    .filter(({ distance }) => distance <= best + 1)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Letters are counted by their last five bits, which tells all of a to z apart. */
const kinds = 32;

function lettersOf(name: string): Uint8Array {
  const counts = new Uint8Array(kinds);
  for (let at = 0; at < name.length; at++) counts[name.charCodeAt(at) % kinds]!++;
  return counts;
}

/** The letters of each name, one row a name. A policy may have thousands of wrong names: they are counted once. */
const tables = new WeakMap<readonly string[], Uint8Array>();

function tableOf(names: readonly string[]): Uint8Array {
  let table = tables.get(names);
  if (table === undefined) {
    table = new Uint8Array(names.length * kinds);
    for (const [at, name] of names.entries()) table.set(lettersOf(name), at * kinds);
    tables.set(names, table);
  }
  return table;
}

/** How many letters one has and the other lacks: so many edits it takes at least. */
function lettersApart(letters: Uint8Array, table: Uint8Array, row: number): number {
  let more = 0;
  let fewer = 0;
  for (let kind = 0; kind < kinds; kind++) {
    const difference = letters[kind]! - table[row * kinds + kind]!;
    if (difference > 0) more += difference;
    else fewer -= difference;
  }
  return Math.max(more, fewer);
}

/**
 * Insertions, deletions and replacements that turn one into the other; more than `most` is told as `most + 1`. Only the
 * band of the table that can stay within `most` is filled in, since thousands of names are compared.
 */
function editDistance(a: string, b: string, most: number): number {
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
