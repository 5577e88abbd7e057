// Types of paths.mjs, for tests.

/** The checkout, without a trailing slash. */
export const root: string;

/** What is built but is not TypeScript. */
export const buildDir: string;

/** Downloads and archives that outlive a checkout. */
export function cacheDir(): string;
