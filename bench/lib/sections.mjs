// The sections of the benchmark, in the order of the page. Each is a module of its own, bench/NAME.mjs.
import { existsSync } from 'node:fs';

/** All that the page has a place for. */
export const allSections = ['decision', 'exec', 'stop', 'policy', 'events', 'memory', 'idle', 'rollout'];

const moduleOf = (name) => new URL(`../${name}.mjs`, import.meta.url);

/** Names that can be asked for. */
export const sectionNames = allSections.filter((name) => existsSync(moduleOf(name)));

/** Loaded when it runs: sections need what the build makes. @param {string} name @returns {Promise<import('./section.mjs').Section>} */
export async function loadSection(name) {
  return import(moduleOf(name).href);
}
