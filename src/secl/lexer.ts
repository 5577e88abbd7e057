import { SeclError } from './errors.js';
import { limits } from './limits.js';
import { Positions } from './position.js';

export type TokenKind =
  | 'cidr'
  | 'ip'
  | 'variable'
  | 'field-reference'
  | 'duration'
  | 'regexp'
  | 'identifier'
  | 'string'
  | 'pattern'
  | 'integer'
  | 'punctuation'
  | 'end';

/** A token; `text` is its source, quotes included. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const quoted = '"(?:[^"\\\\]|\\\\[^])*"';
const ipv4 = String.raw`[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+`;
// Two to eight groups, of which the separators after the third may be dots (an embedded IPv4 address). What is not an
// address is refused later, with a better message.
const ipv6 = `[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F]*(?:[:.]?[0-9a-fA-F]*){5}`;
const mask = /\/[0-9]+/y;

// In the order in which the reference tries them: the first that matches wins, not the longest.
const tokenForms: readonly (readonly [TokenKind | 'comment' | 'space', RegExp])[] = [
  ['comment', /(?:#|\/\/)[^\n]*/y],
  ['ip', new RegExp(`${ipv4}|${ipv6}`, 'y')],
  ['variable', /\$\{[a-zA-Z_][a-zA-Z0-9_.]*\}/y],
  ['field-reference', /%\{[a-zA-Z_][a-zA-Z0-9_.[\]]*\}/y],
  ['duration', /[0-9]+[msh]s*/y],
  ['regexp', new RegExp(`r${quoted}`, 'y')],
  // A bracket belongs to a name only as a whole `[register]`, so that `[EPERM, EACCES]` is a list.
  ['identifier', /[a-zA-Z_](?:[a-zA-Z0-9_.]|\[[a-zA-Z0-9_.]*\])*/y],
  ['string', new RegExp(quoted, 'y')],
  ['pattern', new RegExp(`~${quoted}`, 'y')],
  ['integer', /[-+]?[0-9]+/y],
  ['punctuation', /[!=<>+\-[\](),&|~^%]/y],
  ['space', /[ \t\n]+/y],
];

/** What a token of each form may begin with. */
const firstCharacters: Readonly<Record<TokenKind | 'comment' | 'space', RegExp>> = {
  comment: /[#/]/,
  ip: /[0-9a-fA-F:]/,
  cidr: /[0-9a-fA-F:]/,
  variable: /\$/,
  'field-reference': /%/,
  duration: /[0-9]/,
  regexp: /r/,
  identifier: /[a-zA-Z_]/,
  string: /"/,
  pattern: /~/,
  integer: /[-+0-9]/,
  punctuation: /[!=<>+\-[\](),&|~^%]/,
  space: /[ \t\n]/,
  end: /(?!)/,
};

/** Splits an expression into tokens; the last one is `end`. Throws SeclError (lexical, limit). */
export function tokenize(text: string): Token[] {
  if (text.length > limits.expressionLength.value) {
    throw new SeclError(
      'limit',
      `the expression is longer than ${limits.expressionLength.value} characters`,
      new Positions(text).span(0, 0),
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [kind, end] = firstForm(text, at);
    if (kind !== 'comment' && kind !== 'space') tokens.push({ kind, text: text.slice(at, end), start: at, end });
    at = end;
  }
  tokens.push({ kind: 'end', text: '', start: at, end: at });
  return tokens;
}

/**
 * The forms that a token with this first character may have, by its code. Nearly every token of a policy begins with a
 * letter, and most of the forms never do.
 */
const formsByCode: readonly (typeof tokenForms)[] = Array.from({ length: 128 }, (_, code) => {
  const first = String.fromCharCode(code);
  return tokenForms.filter(([kind]) => firstCharacters[kind].test(first));
});

function firstForm(text: string, at: number): [TokenKind | 'comment' | 'space', number] {
  for (const [kind, form] of formsByCode[text.charCodeAt(at)] ?? []) {
    form.lastIndex = at;
    if (!form.test(text)) continue;
    if (kind !== 'ip') return [kind, form.lastIndex];
    mask.lastIndex = form.lastIndex;
    return mask.test(text) ? ['cidr', mask.lastIndex] : ['ip', form.lastIndex];
  }
  throw lexicalError(text, at);
}

function lexicalError(text: string, at: number): SeclError {
  const here = new Positions(text).span(at, at + 1);
  const character = String.fromCodePoint(text.codePointAt(at)!);
  switch (character) {
    case '"':
      return new SeclError('lexical', 'unterminated string', { ...here, end: text.length }, 'close it with "');
    case "'":
      return new SeclError('lexical', "unexpected ': strings are written in double quotes", here);
    case '$':
      return new SeclError('lexical', 'malformed variable', here, `a variable is written \${name}`);
    case '{':
    case '}':
    case '.':
    case '/':
    case '\\':
    case '*':
    case '?':
    case ':':
    case ';':
    case '@':
      return new SeclError('lexical', `unexpected ${character}`, here);
    default:
      return new SeclError('lexical', `unexpected character ${JSON.stringify(character)}`, here);
  }
}
