/** Secrets that are known by their own look: tokens with a well-known beginning, JSON Web Tokens, private keys. */
import type { Range } from './ranges.js';

/** What issuers put before their tokens so that they can be found. Each is a whole prefix. */
const prefixes = [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'gldt-', 'glrt-'],
  ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk-ant-', 'sk-proj-', 'npm_', 'pypi-', 'hvs.', 'hvb.'],
  ...['dop_v1_', 'doo_v1_', 'shpat_', 'shpss_', 'ya29.', 'AIza', 'AKIA', 'ASIA', 'SG.', 'dckr_pat_', 'AGE-SECRET-KEY-'],
];
const prefixed = new RegExp(`^[-_.]*(?:${prefixes.map(literal).join('|')})[A-Za-z0-9_.-]{12,}`);
const webToken = /^[-_.]*eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/;
/** Each run of letters is looked at once, from its beginning: a search from every place in it would not be linear. */
const shortest = 16;
const runs = new RegExp(`[A-Za-z0-9_.-]{${shortest},}`, 'g');
const privateKey = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;

export function tokens(text: string): Range[] {
  if (text.length < shortest) return [];
  const found: Range[] = [];
  runs.lastIndex = 0;
  for (let match = runs.exec(text); match !== null; match = runs.exec(text)) {
    const { 0: run, index } = match;
    const [token] = prefixed.exec(run) ?? webToken.exec(run) ?? [];
    if (token !== undefined) found.push({ start: index, end: index + token.length });
  }
  privateKey.lastIndex = 0;
  while (privateKey.test(text)) {
    const start = privateKey.lastIndex;
    const end = text.indexOf('-----END', start);
    found.push({ start, end: end < 0 ? text.length : end });
    if (end < 0) break;
    privateKey.lastIndex = end;
  }
  return found;
}

function literal(text: string): string {
  return text.replace(/[.\\+*?^$()[\]{}|]/g, '\\$&');
}
