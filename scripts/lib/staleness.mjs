// Is a built file older than what it was made from?
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds since 1970, or undefined when there is no such file. @param {string} path */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * True when `output` is missing or any of `inputs` is newer.
 * @param {string} output
 * @param {string[]} inputs files; one that does not exist makes the output stale
 */
export function isStale(output, inputs) {
  const built = modifiedAt(output);
  if (built === undefined) return true;
  return inputs.some((input) => (modifiedAt(input) ?? Number.POSITIVE_INFINITY) > built);
}

/**
 * The files of a directory, sorted, none when there is no such directory.
 * @param {string} directory
 * @param {RegExp} pattern on the path relative to the directory
 * @returns {string[]} full paths
 */
export function filesIn(directory, pattern) {
  if (modifiedAt(directory) === undefined) return [];
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(directory, name));
}
