/** The kernel's warnings, bugs and oopses from after the command's start. */
export function complaints(console: string): string[];

/** The last lines, 40 by default. */
export function tail(console: string, count?: number): string;
