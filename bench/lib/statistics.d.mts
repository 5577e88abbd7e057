import type { Figure, Ratio } from './section.mjs';

export function quantile(values: readonly number[], part: number): number;
export function median(values: readonly number[]): number;
export function figure(values: readonly number[]): Figure;
export function ratio(values: readonly number[], base: readonly number[]): Ratio;
export function slope(
  points: readonly { readonly x: number; readonly y: number }[],
  blocks?: number,
): { slope: number; low: number; high: number };
