/**
 * The secrets that need no pattern of the operator's, in one text. Most texts have nothing in them that could be one: a single look at
 * each character says so, and says otherwise which of the searches are worth their time.
 */
import { namedValues } from './named-values.js';
import type { Range } from './ranges.js';
import { tokens } from './tokens.js';
import { urlPasswords } from './url-passwords.js';

export function wellKnownSecrets(text: string): readonly Range[] {
  const signs = signsIn(text);
  if (signs === 0) return none;
  return [
    ...((signs & sign.word) !== 0 ? namedValues(text) : none),
    ...((signs & sign.scheme) !== 0 ? urlPasswords(text) : none),
    ...((signs & (sign.run | sign.word)) !== 0 ? tokens(text) : none),
  ];
}

const none: readonly Range[] = [];

/**
 * `word`: the beginning of a name such as `password` or `key`, which is also in the first line of a private key. `scheme`: `://`. `run`: as many
 * characters in a row as the shortest token has.
 */
const sign = { word: 1, scheme: 2, run: 4 };

/** Every name of a secret has a word in it that begins so. */
const beginnings = ['pas', 'pwd', 'tok', 'sec', 'key', 'cre', 'aut', 'coo', 'bea'];
const shortestRun = 16;

/** By character: 1 if tokens consist of it, 3 if also a name can begin with it. */
const kinds = new Uint8Array(128);
/** By the lowest five bits of three characters: of letters they are the same in upper and lower case. */
const beginning = new Uint8Array(1 << 15);

for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-') {
  kinds[character.charCodeAt(0)] = 1;
}
for (const word of beginnings) {
  const first = word.charCodeAt(0);
  kinds[first] = kinds[first ^ 0x20] = 3;
  beginning[numberOf(first, word.charCodeAt(1), word.charCodeAt(2))] = 1;
}

function numberOf(first: number, second: number, third: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | (third & 31);
}

/** Says too much rather than too little. */
function signsIn(text: string): number {
  let signs = 0;
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const kind = unit < 128 ? kinds[unit] : 0;
    if (kind === 0) {
      run = 0;
      if (unit === colon && text.startsWith('//', at + 1)) signs |= sign.scheme;
      continue;
    }
    run++;
    if (run === shortestRun) signs |= sign.run;
    if (kind === 1) continue;
    if (beginning[numberOf(unit, text.charCodeAt(at + 1), text.charCodeAt(at + 2))] === 1) signs |= sign.word;
  }
  return signs;
}

const colon = 0x3a;
