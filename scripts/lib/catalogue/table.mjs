// docs/catalogue.yaml: reading it, and showing it as tables.
import { parse } from 'yaml';
import { CommandError } from '../process.mjs';

/** What an entry can say of its trick; see the head of the file. */
export const STATUSES = Object.freeze(['blocked', 'not-blocked', 'out-of-scope']);

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} what
 * @property {'blocked' | 'not-blocked' | 'out-of-scope'} status
 * @property {string} why
 * @property {string} [test] the file that has its test
 * @property {string[]} [kernels] those it is tested on
 *
 * @typedef {{title: string, entries: Entry[]}} Group
 */

/**
 * @param {string} text of the file
 * @returns {Group[]}
 */
export function readTable(text) {
  const groups = parse(text)?.groups;
  if (!Array.isArray(groups)) throw new CommandError('the catalogue has no groups');
  const seen = new Set();
  for (const { title, entries } of groups) {
    if (typeof title !== 'string' || !Array.isArray(entries)) throw new CommandError('a group has title and entries');
    for (const entry of entries) {
      const complaint = complaintAbout(entry);
      if (complaint !== undefined) throw new CommandError(`entry ${entry?.id ?? '?'} of the catalogue: ${complaint}`);
      if (seen.has(entry.id)) throw new CommandError(`entry ${entry.id} of the catalogue is there twice`);
      seen.add(entry.id);
    }
  }
  return groups;
}

/** @param {Record<string, unknown>} entry @returns {string | undefined} */
function complaintAbout(entry) {
  for (const key of ['id', 'what', 'why'])
    if (typeof entry?.[key] !== 'string' || entry[key] === '') return `it has no ${key}`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(entry.id)) return 'its id is not in lower case with dashes';
  if (!STATUSES.includes(entry.status)) return `its status is none of ${STATUSES.join(', ')}`;
  const tested = typeof entry.test === 'string' && Array.isArray(entry.kernels) && entry.kernels.length > 0;
  if (!tested && (entry.test !== undefined || entry.kernels !== undefined)) return 'test and kernels go together';
  if (!tested && entry.status === 'blocked') return 'it is blocked and has no test';
  return undefined;
}

/** Between these lines of docs/threat-model.md stand the tables. */
const BEGIN = '<!-- made from catalogue.yaml by `npm run catalogue -- --write` -->';
const END = '<!-- end -->';

/** @param {Group[]} groups */
function tablesOf(groups) {
  const tables = groups.map(({ title, entries }) =>
    [
      `### ${title}`,
      '',
      '| | what | | why |',
      '|---|---|---|---|',
      ...entries.map(({ id, what, status, why }) => `| \`${id}\` | ${cell(what)} | ${status} | ${cell(why)} |`),
    ].join('\n'),
  );
  return `${[summaryOf(groups), ...tables].join('\n\n')}\n`;
}

/** @param {Group[]} groups */
function summaryOf(groups) {
  const entries = groups.flatMap((group) => group.entries);
  const counts = STATUSES.map((status) => `${entries.filter((entry) => entry.status === status).length} ${status}`);
  return `${entries.length} entries: ${counts.join(', ')}.`;
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|');
}

/**
 * The page with its tables made anew.
 * @param {string} page
 * @param {Group[]} groups
 */
export function withTables(page, groups) {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new CommandError(`the page has no lines ${BEGIN} and ${END}`);
  return `${page.slice(0, from)}${BEGIN}\n\n${tablesOf(groups)}\n${page.slice(to)}`;
}
