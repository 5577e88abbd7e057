/** Variables as events show them. */
import type { ShownValue } from '../events/event.js';
import type { ShownVariables } from '../events/rule-run.js';
import { type Element, fromBytes, printIp, readingOf, type Value } from '../secl/index.js';
import type { Declared } from './declarations.js';
import { limits } from './limits.js';

/** Those that are set on this event and are not private, by scope. */
export function shownVariables(
  declared: ReadonlyMap<string, Declared>,
  stored: (name: string) => Value | undefined,
): ShownVariables {
  const shown: { [Scope in keyof ShownVariables]: Record<string, ShownValue> } = {};
  for (const [name, { short, scope, list, private: hidden }] of declared) {
    const value = hidden ? undefined : stored(name);
    if (value === undefined) continue;
    const elements = readingOf(value).elements.slice(-limits.shownElements.value).map(elementJson);
    shown[scope] = { ...shown[scope], [short]: list ? elements : elements[0]! };
  }
  return shown;
}

function elementJson(element: Element): Exclude<ShownValue, readonly unknown[]> {
  switch (typeof element) {
    case 'string':
      return fromBytes(element);
    case 'boolean':
      return element;
    case 'bigint':
      return element >= -safe && element <= safe ? Number(element) : element.toString();
    case 'object':
      return 'family' in element ? printIp(element) : '';
  }
}

/** JSON readers keep 53 bits; a larger number stays whole as text. */
const safe = BigInt(Number.MAX_SAFE_INTEGER);
