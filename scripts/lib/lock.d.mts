/** Runs `work` while holding the lock file. */
export function withLock<T>(path: string, work: () => Promise<T>): Promise<T>;
