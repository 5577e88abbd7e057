/** Where the objects go. */
export const bpfObjectDir: string;

/** Compiles one source file. Rejects with CommandError, whose text is the compiler's. */
export function compileBpf(unit: { source: string; output: string }): Promise<void>;
