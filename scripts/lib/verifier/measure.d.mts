export interface Measurement {
  /** '6.1', '6.12' or 'native'. */
  readonly kernel: string;
  readonly object: string;
  readonly program: string;
  readonly section: string;
  readonly outcome: 'ok' | 'refused' | 'rejected';
  readonly instructions: number;
  readonly error: string;
}

export function measureNatively(objects: readonly string[]): Promise<{ measurements: Measurement[]; log: string }>;
