// Types of shared-libraries.mjs, for tests.

export function librariesOf(programs: string[]): Promise<string[]>;
export function guestPath(path: string): string;
