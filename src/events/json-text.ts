/**
 * The JSON of events, made of pieces. Much of an event is word for word in thousands of others: its ancestors, what its rules are
 * called. Who makes such a part once for many events says so, and its text is made once as well.
 */

/** Parts that many events have in common, with their text once it was asked for. */
const shared = new WeakMap<object, string>();

/** Says of a part that it goes into many events and is altered in none. */
export function share<Part extends object>(part: Part): Part {
  shared.set(part, '');
  return part;
}

/** The same as JSON.stringify writes, for what events consist of: no function, no `toJSON`. */
export function jsonText(value: object): string {
  const known = shared.get(value);
  if (known === undefined) return hasShared(value) ? `{${jsonMembers(value)}}` : JSON.stringify(value);
  if (known !== '') return known;
  const text = JSON.stringify(value);
  shared.set(value, text);
  return text;
}

/** The same of an object without the braces around it. */
export function jsonMembers(value: object): string {
  let text = '';
  for (const key in value) {
    const member = value[key as keyof typeof value] as unknown;
    if (member !== undefined) text += (text === '' ? keyAt(key).first : keyAt(key).next) + textOf(member);
  }
  return text;
}

/** Whether it is worth the while to look at each member. */
function hasShared(value: object): boolean {
  if (Array.isArray(value)) return false;
  for (const key in value) {
    const member = value[key as keyof typeof value] as unknown;
    if (typeof member === 'object' && member !== null && shared.has(member)) return true;
  }
  return false;
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return plain.test(value) ? `"${value}"` : JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : jsonText(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    default:
      return JSON.stringify(value) ?? 'null';
  }
}

/** What needs no escape; anything beyond ASCII is left to JSON.stringify. */
const plain = /^[ !#-[\]-~]*$/;

/** A key as it stands before its value: of the first member, and of those after it. */
interface Key {
  readonly first: string;
  readonly next: string;
}

/** Keys are few: those of events, tags and variables. */
const keys = new Map<string, Key>();
const rememberedKeys = 1_000;

function keyAt(name: string): Key {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const first = `${JSON.stringify(name)}:`;
  const key = { first, next: `,${first}` };
  if (keys.size < rememberedKeys) keys.set(name, key);
  return key;
}
