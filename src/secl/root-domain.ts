import type { Bytes } from './bytes.js';

/** Second-level names under which countries register domains. A short stand-in for the public suffix list. */
const registries = new Set(['ac', 'co', 'com', 'edu', 'gob', 'gov', 'go', 'mil', 'ne', 'net', 'nom', 'or', 'org']);

/**
 * The registered domain of a host name: `www.example.co.uk` gives `example.co.uk`. A name that has none (an address, a
 * name without dot, a registry itself) stands for itself, as in the reference.
 */
export function rootDomain(name: Bytes): Bytes {
  const labels = name.replace(/\.$/, '').split('.');
  if (labels.some((label) => label === '')) return name;
  const top = labels[labels.length - 1]!;
  const second = labels[labels.length - 2];
  if (second === undefined || /^[0-9]+$/.test(top)) return name;
  const suffix = top.length === 2 && registries.has(second.toLowerCase()) ? 2 : 1;
  return labels.length > suffix ? labels.slice(-suffix - 1).join('.') : name;
}
