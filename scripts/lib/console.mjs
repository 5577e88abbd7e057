// Reading a guest's kernel messages.

/** Written by the guest's init before the command; what the kernel complains of earlier is not the command's doing. */
const START = 'portcullis-vm: the command starts';

/** Messages that mean a kernel bug or a broken assertion, as the kernel prints them. */
const COMPLAINT = /\b(WARNING: |BUG: |kernel BUG at |Oops: |Kernel panic)/;

/**
 * The kernel's complaints while the command ran.
 * @param {string} text everything the console printed
 * @returns {string[]} lines
 */
export function complaints(text) {
  const start = text.indexOf(START);
  if (start < 0) return [];
  return text
    .slice(start)
    .split('\n')
    .filter((line) => COMPLAINT.test(line));
}

/**
 * Whether the kernel died of a breakpoint of its own that it had taken out already. While it attaches a program it patches the call of an LSM
 * hook behind a breakpoint; an emulated CPU on a busy host may still run into what is there no longer, which no real one does.
 * @param {string} text everything the console printed
 */
export function isStaleBreakpoint(text) {
  return /\bint3: 0000 \[#1\]/.test(text) && /\bRIP: 0010:bpf_lsm_\w+\+0x5\//.test(text);
}

/** The last lines of a console, for a person. @param {string} text @param {number} [count] */
export function tail(text, count = 40) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
