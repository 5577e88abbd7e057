/** An event as one line for people. */
import type { EventJson, Text } from '../events/event.js';
import type { Style } from '../policy/index.js';
import { printable } from './words.js';

const argumentsShown = 200;

/** Time, verdict, rule, process, program and arguments. What the program is called and given is its own, so it is escaped. */
export function eventText(event: EventJson, style: Style): string {
  const { date, agent, process, file, portcullis } = event;
  const { verdict } = portcullis;
  const program = textOf(file.path ?? file.name ?? process.comm);
  const args = (process.args ?? []).map(textOf).join(' ');
  const shown = args.length > argumentsShown ? `${args.slice(0, argumentsShown)}...` : args;
  const where = event.container === undefined ? '' : ` container=${printable(textOf(event.container.id)).slice(0, 12)}`;
  const who = style.faint(`pid=${process.pid} ppid=${process.ppid} user=${printable(event.usr.id)}${where}`);
  const line = [date, colour(verdict, style)(verdict.padEnd(9)), style.strong(printable(agent.rule_id)), who];
  return `${line.join(' ')} ${printable([program, shown].filter((text) => text !== '').join(' '))}`;
}

function colour(verdict: EventJson['portcullis']['verdict'], style: Style): (text: string) => string {
  switch (verdict) {
    case 'refuse':
    case 'kill':
      return style.error;
    case 'unknown':
    case 'unseen':
    case 'protected':
    case 'would':
      return style.warning;
    case 'none':
    case 'report':
      return (text) => text;
  }
}

function textOf(text: Text): string {
  return typeof text === 'string' ? text : Buffer.from(text.$base64, 'base64').toString('latin1');
}
