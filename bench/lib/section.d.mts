/** What a section of the benchmark is and gives. */

/** How long a run may take. `quick` says whether something works and roughly what it costs; its figures are not for the page. */
export type Effort = 'quick' | 'full';

export interface RunOptions {
  readonly effort: Effort;
  /** Length of a soak, seconds; absent: the section's own. */
  readonly soak?: number;
}

/** One value measured several times: its median, and where the middle half of the runs lies. */
export interface Figure {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

/** Median of pairs measured next to each other, with its 95 % confidence interval. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

/** Numbers are shown as they are, figures and ratios with their spread. */
export type Cell = string | number | Figure | Ratio;

export interface Table {
  readonly title: string;
  /** With units, as `ns a decision`. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What is aimed at, and what came out. */
export interface Target {
  readonly what: string;
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
  readonly measured: number;
  /** With 95 % confidence. Where it holds the bound, the figure is not told from it: neither reached for sure nor missed. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** `ms`, `times`, ... */
  readonly unit: string;
}

export interface SectionResult {
  readonly tables: readonly Table[];
  readonly targets?: readonly Target[];
  /** Kernels measured on, when they are not the machine's own. */
  readonly kernel?: string;
}

/** bench/NAME.mjs exports this. */
export interface Section {
  readonly name: string;
  run(options: RunOptions): Promise<SectionResult>;
}

/** A result with where it comes from, as bench/results.json keeps it by section name. */
export interface StoredResult extends SectionResult {
  readonly machine: string;
  readonly kernel: string;
  readonly date: string;
  readonly command: string;
}

export type Results = Readonly<Record<string, StoredResult>>;
