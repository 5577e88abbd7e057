/** Random regular expressions that occur in a given text, mostly. */
import { perhapsWrong } from './literals.js';
import type { Random } from './random.js';

/** `characters`: of the text it is to occur in. */
export function regexpFor(
  random: Random,
  characters: readonly string[],
  kind: 'no assertion about the end' | 'an assertion about the end',
): string {
  const first = random.below(characters.length + 1);
  const most = random.between(1, 6);
  const atEnd = kind === 'an assertion about the end' && random.chance(0.5);
  const part = atEnd ? characters.slice(-most) : characters.slice(first, first + most);
  const body =
    part.map((character) => atom(random, perhapsWrong(random, character))).join('') ||
    random.pick(['a*', 'a', '.', '']);
  const alternative = random.chance(0.15) ? `(?:${body}|${random.pick(['b+', 'xmrig', 'é', 'a.*b'])})` : body;
  const beginning = first === 0 && !atEnd && random.chance(0.4) ? random.pick(['^', '\\A', '(?m)^']) : '';
  const flags = random.chance(0.15) ? random.pick(['(?i)', '(?s)', '(?U)']) : '';
  if (kind === 'no assertion about the end') return `${flags}${beginning}${alternative}`;
  const assertion = atEnd ? random.pick(['$', '\\z', '(?m:$)']) : random.pick(['\\b', '\\B', '(?m:$)', '$']);
  return random.chance(0.2) && !atEnd
    ? `${flags}${beginning}${random.pick(['\\b', '\\B'])}${alternative}`
    : `${flags}${beginning}${alternative}${assertion}`;
}

/** A piece that matches one character, and perhaps more. */
function atom(random: Random, character: string): string {
  const itself =
    /^[\p{L}\p{N}_]$/u.test(character) || /[^\0-\x7f]|\n|[-= ]/.test(character) ? character : `\\${character}`;
  const isLetter = /^\p{L}$/u.test(character);
  return random.weighted([
    [12, itself],
    [2, '.'],
    [1, `${itself}+`],
    [1, `${itself}?`],
    [1, `${itself}*`],
    [1, `${itself}{1,2}`],
    [1, `[${itself}b]`],
    [1, `(${itself}|c)`],
    [1, isLetter ? '\\pL' : '[^z]'],
    [1, /^[a-zA-Z0-9_]$/.test(character) ? '\\w' : '\\W'],
    [1, '.*'],
    [1, `[^${random.pick(['z', 'é', '0-9'])}]`],
  ] as const);
}
