// What a decision is made on: command lines of any length, and policies of any number of patterns.

/** The same sequence each time (xorshift32). @param {number} seed not 0 */
export function sequence(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const words = (
  'config verbose output input log level port host cache size data server worker thread retry timeout user group ' +
  'home build release debug prefix library include target source model batch queue index shard region cluster node'
).split(' ');

/** @param {(below: number) => number} random @param {number} length */
function argument(random, length) {
  const word = () => words[random(words.length)];
  const kinds = [
    () => `--${word()}-${word()}=${word()}${random(10000)}`,
    () => `--${word()}`,
    () => `/usr/share/${word()}/${word()}-${random(100)}.${word()}`,
    () => `https://${word()}.${word()}.example:${random(65536)}/${word()}`,
    () => `${word()}=${word()},${word()}`,
  ];
  let text = length < 4 ? '-v' : kinds[random(kinds.length)]();
  while (text.length < length) text += `/${word()}`;
  return text.slice(0, length);
}

/** Of an argument and the NUL behind it, bytes. */
const MEAN = 25;

/**
 * Arguments that make `bytes` together, the NUL behind each counted, 25 on average: 12 for 300 bytes.
 * @param {number} bytes @returns {string[]}
 */
export function commandLine(bytes) {
  const random = sequence(20261);
  const count = Math.floor(bytes / MEAN);
  // Long and short ones in pairs, so that they come out even.
  const lengths = [];
  for (let n = 0; n + 1 < count; n += 2) {
    const off = random(18);
    lengths.push(MEAN + off, MEAN - off);
  }
  const rest = bytes - lengths.reduce((sum, length) => sum + length, 0);
  if (rest > 0) lengths.push(rest);
  return lengths.map((length) => argument(random, length - 1));
}

/** Host names that no command line here has. @param {number} count @returns {string[]} distinct */
export function hostPatterns(count) {
  const random = sequence(4711);
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-';
  const found = new Set();
  while (found.size < count) {
    const label = Array.from({ length: 4 + random(8) }, () => letters[random(36)]).join('');
    found.add(`${label}.${['pool', 'mine', 'hash'][random(3)]}.test:${random(65536)}`);
  }
  return [...found];
}

/** A rule for each. @param {readonly string[]} patterns @returns {string} */
export function patternPolicy(patterns) {
  const rules = patterns.map(
    (text, n) => `  - id: rule_${n}\n    expression: exec.args =~ "*${text}*"\n    actions:\n      - deny: {}\n`,
  );
  return `version: 1.0.0\nmode: enforce\nrules:\n${rules.join('')}`;
}
