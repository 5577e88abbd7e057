// Results as text: tables for the terminal and for the page are the same Markdown.

/** @param {number} value */
export function number(value) {
  if (!Number.isFinite(value)) return '-';
  const digits = value === 0 || Number.isInteger(value) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: Math.min(digits, 6) });
}

/** @param {import('./section.mjs').Cell} cell */
function cellText(cell) {
  if (typeof cell === 'string') return cell.replaceAll('|', '\\|');
  if (typeof cell === 'number') return number(cell);
  if ('ratio' in cell) return `${ratioText(cell.ratio)} (${ratioText(cell.low)} to ${ratioText(cell.high)})`;
  return `${number(cell.median)} (${number(cell.low)} to ${number(cell.high)})`;
}

/** Ratios near one are told by their third digit behind the point. */
function ratioText(value) {
  return value < 2 ? value.toFixed(3) : number(value);
}

/** @param {import('./section.mjs').Table} table */
function tableText({ title, columns, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const aligned = columns.map((_, index) => (rows.every((row) => typeof row[index] === 'string') ? '---' : '---:'));
  return [`**${title}**`, '', line(columns), line(aligned), ...rows.map((row) => line(row.map(cellText)))].join('\n');
}

/** One section. @param {import('./section.mjs').StoredResult} result */
export function sectionText({ tables, machine, kernel, date, command }) {
  return [`\`${command}\`, ${date}, kernel ${kernel}; ${machine}.`, ...tables.map(tableText)].join('\n\n');
}

/** @param {import('./section.mjs').Target} target */
function reached({ bound, measured }) {
  return 'atMost' in bound ? measured <= bound.atMost : measured >= bound.atLeast;
}

/** @param {import('./section.mjs').Target} target */
function outcome(target) {
  const limit = 'atMost' in target.bound ? target.bound.atMost : target.bound.atLeast;
  const { interval } = target;
  if (interval && interval.low <= limit && limit <= interval.high)
    return limit === 0 ? 'not told from none' : `not told from ${number(limit)} ${target.unit}`;
  if (reached(target)) return 'reached';
  if (limit <= 0) return '**missed**';
  const off = 'atMost' in target.bound ? target.measured / limit : limit / target.measured;
  return `**missed**, by a factor of ${ratioText(off)}`;
}

/** @param {import('./section.mjs').Target} target */
function measuredText({ measured, unit, interval }) {
  return `${number(measured)} ${unit}${interval ? ` (${number(interval.low)} to ${number(interval.high)})` : ''}`;
}

/** The targets of all sections. @param {import('./section.mjs').Results} results @param {readonly string[]} order */
export function targetsText(results, order) {
  const rows = order.flatMap((name) =>
    (results[name]?.targets ?? []).map((target) => {
      const limit =
        'atMost' in target.bound
          ? `at most ${number(target.bound.atMost)}`
          : `at least ${number(target.bound.atLeast)}`;
      return `| ${target.what} | ${limit} ${target.unit} | ${measuredText(target)} | ${outcome(target)} |`;
    }),
  );
  return ['| what | aimed at | measured | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/**
 * The page with its tables as the results have them. What stands between `<!-- bench NAME -->` and `<!-- end -->` is generated;
 * all else is written by people.
 * @param {string} page @param {import('./section.mjs').Results} results @param {readonly string[]} order of sections
 * @throws {Error} when a section of the results has no place on the page
 */
export function renderPage(page, results, order) {
  const placed = new Set();
  const text = page.replace(/(<!-- bench (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name, end) => {
    placed.add(name);
    const body =
      name === 'targets'
        ? targetsText(results, order)
        : results[name]
          ? sectionText(results[name])
          : 'Not measured yet.';
    return `${begin}\n${body}\n\n${end}`;
  });
  const missing = Object.keys(results).filter((name) => !placed.has(name));
  if (missing.length > 0) throw new Error(`the page has no place for ${missing.join(', ')}`);
  return text;
}
