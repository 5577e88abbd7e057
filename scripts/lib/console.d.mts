/** The kernel's warnings, bugs and oopses from after the command's start. */
export function complaints(console: string): string[];

/** The last lines, 40 by default. */
export function tail(console: string, count?: number): string;

/** Whether the kernel died of a breakpoint of its own that it had taken out already, which emulated CPUs may run into. */
export function isStaleBreakpoint(text: string): boolean;
