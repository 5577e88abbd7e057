/** Names whose values are secrets: of options, environment variables, headers and keys in JSON. */

/** Words that make a name secret wherever they stand in it, and however the value follows. */
const strong =
  'pass(?:word(?!less)|wd|phrase|code)|token(?!s(?![a-z])|i[sz])|secret(?!ar)|api[-_.]?key|access[-_.]?key|private[-_.]?key|credential|authorization|cookie';
/** Words that mean other things too: only as the last part of an option or of a name with `=`. */
const weak = '(?<![a-z])(?:pass|pwd|auth|key)(?![a-z]|[-_.][a-z])';

/** Finds secret names in a text, each by the word in it; from its `lastIndex`, as whoever uses it has set that. */
export const secretWord = new RegExp(`(?<strong>${strong})|(?<weak>${weak})`, 'gi');

/** `--password-file` and its like name where a secret is, or what it is like. */
const aboutSecret = /[-_.](?:file|path|dir|type|ttl|name|url)$/i;

export function isAboutSecret(name: string): boolean {
  return aboutSecret.test(name);
}

/** Whether an option or variable of this name has a secret for its value. Its dashes may be there or not. */
export function isSecretName(name: string): boolean {
  secretWord.lastIndex = 0;
  return secretWord.test(name) && !aboutSecret.test(name);
}

/** Headers whose whole value is secret, blanks and all. */
export function isSecretHeader(name: string): boolean {
  return /(?:authorization|cookie)$/i.test(name);
}
