// Compares what happened with what should have.
import { cases, RACE_TRIES, races } from './cases.mjs';

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {string} without
 * @property {string} under
 * @property {string} expected
 * @property {string[]} problems empty when all is as expected
 */

/**
 * One row for each case and race.
 * @param {import('./sections.mjs').SectionReader} found
 * @returns {Row[]}
 */
export function judge(found) {
  const [without, under, detached] = ['without', 'with', 'detached'].map(
    (section) => new Map(found.json(section).map((line) => [line.case, line])),
  );
  const events = found.json('log').filter(({ msg }) => msg === 'event');
  return [
    ...cases.map((tried) => judgeCase(tried, { without, under, detached, events })),
    ...races.map(({ id, title }) => judgeRace(title, without.get(id), under.get(id))),
  ];
}

/** @param {import('./cases.mjs').Case} tried @returns {Row} */
function judgeCase({ id, title, expected, rule }, { without, under, detached, events }) {
  const before = without.get(id);
  const attempt = under.get(id);
  const logged = events.filter(({ process }) => process.pid === attempt?.pid);
  const held = logged.flatMap(({ portcullis }) => portcullis.rules.map((each) => each.id));
  const problems = [
    before?.outcome === 'ran' ? '' : 'it did not run without the agent',
    detached.get(id)?.outcome === 'ran' ? '' : 'it did not run after the agent had gone',
    attempt?.outcome === expected ? '' : `it was to be ${expected}`,
    expected !== 'ran' && attempt?.started !== 0 ? 'it reached its first instruction' : '',
    rule === undefined && held.length > 0 ? `the log names it: ${held.join(', ')}` : '',
    rule !== undefined && !held.includes(rule) ? `the log does not name ${rule}` : '',
  ];
  return {
    title,
    without: described(before),
    under: described(attempt),
    expected: expected === 'ran' ? 'runs' : expected,
    problems: problems.filter(Boolean),
  };
}

/** @returns {Row} */
function judgeRace(title, before, race) {
  const whole = (line) => line?.tries === RACE_TRIES && line.failed === 0;
  const problems = [
    whole(before) && whole(race) ? '' : 'not every try came to an end',
    before?.matching > 0 ? '' : 'it did not get through without the agent',
    race?.matching === 0 ? '' : 'a program started with the URL',
    race?.refused + race?.killed > 0 ? '' : 'nothing was refused or killed',
  ];
  const text = (line) =>
    line === undefined
      ? 'not tried'
      : [
          `${line.matching} with the URL`,
          line.refused > 0 ? `${line.refused} refused` : '',
          line.killed > 0 ? `${line.killed} killed` : '',
        ]
          .filter(Boolean)
          .join(', ');
  return {
    title,
    without: text(before),
    under: text(race),
    expected: '0 with the URL',
    problems: problems.filter(Boolean),
  };
}

function described(attempt) {
  switch (attempt?.outcome) {
    case 'refused':
    case 'failed':
      return `${attempt.outcome} (${attempt.errno})`;
    case 'killed':
      return `killed (signal ${attempt.signal})`;
    case 'ran':
      return 'ran';
    default:
      return 'not tried';
  }
}
