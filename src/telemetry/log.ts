/**
 * The log: one JSON line for each verdict, and lines about the agent itself. Every line has `level`, `time` and `msg`;
 * `msg` is a stable code for machines, and `text` a sentence for people.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { EventJson } from '../events/event.js';
import { isoText } from '../events/iso-text.js';
import { jsonMembers } from '../events/json-text.js';
import { Scrubber } from '../events/scrub/scrubber.js';
import type { NoticeCode } from '../rollout/follower/status.js';
import type { LineSink } from './sink.js';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Codes of the lines about the agent itself; docs/operations.md lists them. */
export type LogCode =
  | NoticeCode
  | 'rollout-unavailable'
  | 'tier'
  | 'self-test'
  | 'listening'
  | 'listening-widely'
  | 'policy-diagnostic'
  | 'policy-diagnostics-cut'
  | 'image-active'
  | 'lineage-unknown'
  | 'rule-place'
  | 'ready'
  | 'reload-started'
  | 'reload-done'
  | 'reload-refused'
  | 'config-changed'
  | 'config-waits'
  | 'protected'
  | 'protected-missing'
  | 'protected-shared'
  | 'breaker-tripped'
  | 'canary'
  | 'cgroups-unknown'
  | 'established'
  | 'switched-off'
  | 'switched-on'
  | 'rule-mode'
  | 'reload-asked'
  | 'image-cached'
  | 'image-cache-ignored'
  | 'image-not-cached'
  | 'pins-cleaned'
  | 'pins-adopted'
  | 'pins-replaced'
  | 'pins-kept'
  | 'pins-released'
  | 'self-protection'
  | 'self-protection-unlocked'
  | 'tamper'
  | 'control-refused'
  | 'control-unavailable'
  | 'log-reopened'
  | 'log-reopen-failed'
  | 'record-malformed'
  | 'delivery-failed'
  | 'records-lost'
  | 'watch-failed'
  | 'journal-failed'
  | 'journal-recovered'
  | 'journal-resumed'
  | 'journal-overtaken'
  | 'journal-unreadable'
  | 'rule-log'
  | 'kill-scope'
  | 'sweep'
  | 'cannot-start'
  | 'stopping'
  | 'stop-failed'
  | 'stopped';

/** `msg` of the line that carries an event. */
export const EVENT_CODE = 'event';
const EVENT_TAIL = `,"msg":"${EVENT_CODE}"}\n`;

export class AgentLog {
  readonly #operations: Logger;
  readonly #events: Logger;
  readonly #eventSink: LineSink;

  readonly #scrubber: Scrubber;

  /**
   * `level` holds for lines about the agent; events are always written. `scrubber`: for lines about the agent, which may
   * quote an argument; events come without secrets. `events`: where events go, if that is somewhere else.
   */
  constructor(sink: LineSink, level: LogLevel, scrubber: Scrubber = new Scrubber(), events: LineSink = sink) {
    this.#scrubber = scrubber;
    this.#eventSink = events;
    const options = {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.#operations = pino({ ...options, level }, sink);
    this.#events = pino({ ...options, level: 'trace' }, events);
  }

  /** Of lines about the agent, from now on. */
  set level(level: LogLevel) {
    this.#operations.level = level;
  }

  debug(code: LogCode, text: string, fields: Record<string, unknown> = {}): void {
    this.#operations.debug(this.#shown(code, { text, ...fields }), code);
  }

  info(code: LogCode, text: string, fields: Record<string, unknown> = {}): void {
    this.#operations.info(this.#shown(code, { text, ...fields }), code);
  }

  warn(code: LogCode, text: string, fields: Record<string, unknown> = {}): void {
    this.#operations.warn(this.#shown(code, { text, ...fields }), code);
  }

  error(code: LogCode, text: string, fields: Record<string, unknown> = {}): void {
    this.#operations.error(this.#shown(code, { text, ...fields }), code);
  }

  /** What the action `log` of a rule says, at its level as far as this log has it. */
  rule(level: string, rule: string, message: string): void {
    this.#events[levelOf(level)]({ text: this.#scrubber.text(message), rule }, 'rule-log' satisfies LogCode);
  }

  /** An attempt on the agent: where events go, since it is one. */
  tamper(text: string, fields: Record<string, unknown>): void {
    this.#events.warn({ text, ...fields }, 'tamper' satisfies LogCode);
  }

  /**
   * Writes the line of an event, and gives the event's own JSON. The line is the one that pino would write; thousands a second are
   * written by hand.
   */
  event(event: EventJson): string {
    const head = `{"level":"${levelOfEvent(event)}","time":"${isoText(Date.now())}",`;
    const line = `${head}${jsonMembers(event)}${EVENT_TAIL}`;
    this.#eventSink.write(line);
    // Only now: the line is in one piece since it was written, and this is a part of it.
    return `{${line.slice(head.length, -EVENT_TAIL.length)}}`;
  }

  /** Diagnostics quote policies, which are for whoever wrote them to read. */
  #shown(code: LogCode, fields: Record<string, unknown>): Record<string, unknown> {
    return code === 'policy-diagnostic' ? fields : this.#scrubber.json(fields);
  }
}

/** `info` for what was only reported; `warn` for what was acted on, or should have been seen and was not. */
function levelOfEvent({ portcullis: { verdict } }: EventJson): LogLevel {
  switch (verdict) {
    case 'none':
    case 'report':
    case 'would':
      return 'info';
    case 'refuse':
    case 'kill':
    case 'unknown':
    case 'unseen':
    case 'protected':
      return 'warn';
  }
}

/** Levels as policies name them. */
function levelOf(name: string): LogLevel {
  switch (name.toLowerCase()) {
    case 'trace':
    case 'debug':
      return 'debug';
    case 'warn':
    case 'warning':
      return 'warn';
    case 'error':
    case 'critical':
    case 'fatal':
      return 'error';
    default:
      return 'info';
  }
}
