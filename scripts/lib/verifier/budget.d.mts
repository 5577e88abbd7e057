import type { Measurement } from './measure.mjs';

export function readBudget(): Promise<Readonly<Record<string, number>>>;
export function problemOf(measurement: Measurement, budget: Readonly<Record<string, number>>): string | undefined;
