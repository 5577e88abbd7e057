/** A case on which engines disagree, in text. */
import { fact } from '../../src/compiler/image/layout.js';
import type { Facts } from '../../src/compiler/index.js';
import { type Bytes, fromBytes } from '../../src/secl/index.js';
import type { Disagreement } from './engines.js';
import type { Execution, Text } from './execution.js';
import { textOf } from './rules.js';
import type { Case } from './shrink.js';

/** Of long strings only both ends are shown. */
const shownBytes = 160;

export function report({ ruleset, execution }: Case, disagreement: Disagreement | undefined): string {
  const answers =
    disagreement === undefined
      ? ['alone they agree: the difference hangs on what was decided before']
      : Object.entries(disagreement.answers).map(([engine, answer]) => `${engine}: ${answer}`);
  return [
    ...answers,
    ...(disagreement?.rule === undefined ? [] : [`about rule ${disagreement.rule}`]),
    `on_unknown ${ruleset.onUnknown}`,
    ...ruleset.rules.map(
      ({ formula, action, mode }, at) => `rule ${at} (${action}, ${mode}): ${shorten(textOf(formula))}`,
    ),
    ...reportExecution(execution),
  ].join('\n');
}

export function reportExecution(execution: Execution): string[] {
  const { levels, last, argv, envs, block } = execution;
  return [
    ...levels.map(
      ({ path, name, facts }, at) => `level ${at}: path ${text(path)} name ${text(name)} ${factsOf(facts)}`,
    ),
    `last level: ${last}`,
    `comm ${text(execution.comm)} tty ${text(execution.tty)} cgroup ${text(execution.cgroup)} container ${text(execution.container)} ${factsOf(execution.facts)}`,
    `argv ${argv.map(bytes).join(' ')}`,
    `envs ${envs.map(bytes).join(' ')}`,
    `of the block: ${block}`,
  ];
}

function text({ bytes: value, read }: Text): string {
  return `${bytes(value)} (${read})`;
}

function bytes(value: Bytes): string {
  return shorten(JSON.stringify(fromBytes(value)));
}

function shorten(shown: string): string {
  if (shown.length <= 4 * shownBytes) return shown;
  return `${shown.slice(0, shownBytes)}[${shown.length - 2 * shownBytes} more]${shown.slice(-shownBytes)}`;
}

function factsOf(facts: Facts): string {
  return Object.entries(fact)
    .flatMap(([name, number]) => (facts[number] === undefined ? [] : [`${name}=${facts[number]}`]))
    .join(' ');
}
