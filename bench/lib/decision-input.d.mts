export function commandLine(bytes: number): string[];
export function hostPatterns(count: number): string[];
export function patternPolicy(patterns: readonly string[]): string;
