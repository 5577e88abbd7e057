/** Passwords in URLs: `scheme://user:password@host`. */
import type { Range } from './ranges.js';

const scheme = '://';
/** A URL ends there at the latest. */
const outside = /[\s"'<>]/;

export function urlPasswords(text: string): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(scheme); at >= 0; ) {
    const start = at + scheme.length;
    const next = text.indexOf(scheme, start);
    // Only to the next one: whatever is looked at is looked at once.
    const rest = text.slice(start, next < 0 ? undefined : next);
    const stop = rest.search(outside);
    const password = passwordIn(stop < 0 ? rest : rest.slice(0, stop));
    if (password !== undefined) found.push({ start: start + password.start, end: start + password.end });
    at = next;
  }
  return found;
}

/** In what follows the scheme. */
function passwordIn(rest: string): Range | undefined {
  const path = rest.search(/[/?#]/);
  const authority = path < 0 ? rest : rest.slice(0, path);
  const colon = authority.indexOf(':');
  if (colon < 0) return undefined;
  const end = authority.lastIndexOf('@');
  if (end > colon) return { start: colon + 1, end };
  // A slash in a password makes the URL wrong, and the password no less a secret. What is a port is none.
  if (end >= 0 || path < 0 || /^\[|:\d*$/.test(authority)) return undefined;
  const late = rest.lastIndexOf('@');
  return late < 0 ? undefined : { start: colon + 1, end: late };
}
