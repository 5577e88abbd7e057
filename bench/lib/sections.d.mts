import type { Section } from './section.mjs';

export const sectionNames: readonly string[];
export const allSections: readonly string[];
export function loadSection(name: string): Promise<Section>;
