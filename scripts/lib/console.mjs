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

/** The last lines of a console, for a person. @param {string} text @param {number} [count] */
export function tail(text, count = 40) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
