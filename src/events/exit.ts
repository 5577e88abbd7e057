/** How a process ended, from the status that wait(2) gives: constants of the language are its causes. */
export type ExitCause = 'EXITED' | 'COREDUMPED' | 'SIGNALED';

export interface Exit {
  cause: ExitCause;
  /** The exit code, or the number of the signal that ended it. */
  code: number;
}

/** `status`: the signal in the low seven bits, 0x80 for a core dump, the code above. */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { cause: 'EXITED', code: (status >> 8) & 0xff };
  return { cause: (status & 0x80) === 0 ? 'SIGNALED' : 'COREDUMPED', code: signal };
}
