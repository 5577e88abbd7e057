import type { Results, StoredResult } from './section.mjs';

export function number(value: number): string;
export function sectionText(result: StoredResult): string;
export function targetsText(results: Results, order: readonly string[]): string;
export function renderPage(page: string, results: Results, order: readonly string[]): string;
