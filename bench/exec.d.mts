import type { Effort, RunOptions, SectionResult } from './lib/section.mjs';

/** What one machine said, line by line. */
export interface Measured {
  /** As `uname -r` says there. */
  readonly kernel: string;
  readonly findings: readonly Readonly<Record<string, unknown>>[];
}

export const name: string;
export function run(options: RunOptions): Promise<SectionResult>;
export function imagesOn(kernel: '6.1' | '6.12', effort: Effort): Promise<Measured>;
export function besideOn(kernel: '6.1' | '6.12'): Promise<Measured>;
export function report(
  measured: readonly { readonly kernel: '6.1' | '6.12'; readonly images: Measured; readonly beside?: Measured }[],
): SectionResult;
