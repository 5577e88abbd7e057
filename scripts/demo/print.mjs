// The demo's report, for a terminal or a log.

/** How much of a command line the block log shows. */
const LONGEST_COMMAND = 60;

/** @param {string} title */
function heading(title) {
  return `\n${title}\n${'-'.repeat(title.length)}`;
}

/** @param {string[][]} rows the first is the header */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

/** @param {import('./judge.mjs').Row[]} rows @returns {string[]} */
export function outcomeLines(rows) {
  const body = rows.map(({ title, without, under, expected, problems }) => [
    problems.length === 0 ? 'ok' : 'WRONG',
    title,
    without,
    under,
    expected,
  ]);
  return [
    heading('What was tried'),
    ...table([['', 'what', 'without Portcullis', 'with Portcullis', 'expected'], ...body]),
    ...rows.flatMap(({ title, problems }) => problems.map((problem) => `WRONG: ${title}: ${problem}`)),
  ];
}

/** The changed line, the shell, the log: as they were. @param {import('./sections.mjs').SectionReader} found */
export function evidenceLines(found) {
  const events = found.json('log').filter(({ msg }) => msg === 'event');
  const raced = events.filter(isRaced).length;
  const shown = events.filter((event) => !isRaced(event));
  const [, first] = found.lines('log').filter((line) => line.includes('"msg":"event"'));
  return [
    heading('The policy: policies/cryptominer.policy with one line changed'),
    ...found.lines('policy'),
    heading('At a shell'),
    ...found.lines('shell'),
    heading(`The block log (and ${raced} lines of the races)`),
    ...table(shown.map(eventCells)),
    heading('One line of it in full'),
    first ?? '(none)',
    heading('Metrics that moved'),
    ...movedMetrics(found.metrics('before'), found.metrics('after')),
  ];
}

/** Arguments of race.c. */
function isRaced({ process }) {
  return process.args?.includes('--quiet') === true;
}

function eventCells({ date, agent, portcullis, process, file }) {
  const words = process.argv0 === undefined ? [] : [process.argv0, ...(process.args ?? [])];
  const command = words.map((word) => (typeof word === 'string' ? word : '(bytes)')).join(' ');
  const cut = command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)}...` : command;
  return [date, portcullis.verdict, agent.rule_id, String(file.path ?? file.name ?? '?'), cut];
}

/** @param {Map<string, number>} before @param {Map<string, number>} after */
function movedMetrics(before, after) {
  const moved = [...after].filter(
    ([name, value]) => /_total(\{|$)/.test(name) && value !== (before.get(name) ?? 0) && !/program_/.test(name),
  );
  return table(
    moved
      .map(([name, value]) => [name, `${before.get(name) ?? 0} -> ${value}`])
      .concat(moved.length === 0 ? [['(none)', '']] : []),
  );
}
