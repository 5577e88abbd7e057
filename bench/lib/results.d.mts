import type { Results, SectionResult, StoredResult } from './section.mjs';

export const committedResults: string;
export function machine(): string;
export function stored(result: SectionResult, command: string): StoredResult;
export function readResults(path: string): Promise<Results>;
export function mergeResult(path: string, name: string, result: StoredResult): Promise<void>;
