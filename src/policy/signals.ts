/** Linux signals by name; the numbers are those of every architecture this runs on (x86-64, arm64). */
const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS';

export const signalNumbers: ReadonlyMap<string, number> = new Map([
  ...names.split(' ').map((name, index) => [`SIG${name}`, index + 1] as const),
  ['SIGIOT', 6],
  ['SIGPOLL', 29],
]);
