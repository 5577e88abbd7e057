import type { Measured } from './exec.mjs';
import type { Effort, RunOptions, SectionResult } from './lib/section.mjs';

export const name: string;
export function run(options: RunOptions): Promise<SectionResult>;
export function measureOn(kernel: '6.1' | '6.12', effort: Effort): Promise<Measured>;
export function report(measured: readonly Measured[]): SectionResult;
