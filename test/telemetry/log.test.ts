import { describe, expect, test } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import type { Verdict } from '../../src/kernel/types.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { HeldSink } from './support.js';

const event = (verdict: Verdict) => ({ title: 'a\nb', portcullis: { verdict } }) as unknown as EventJson;

describe('the log', () => {
  test('a line is one line of JSON with level, time and a code', () => {
    const sink = new HeldSink();
    new AgentLog(sink, 'info').warn('records-lost', 'Two are lost.\nReally.', { verdicts: 2 });
    expect(sink.lines[0]).toMatch(/^\{.*\}\n$/);
    expect(sink.entries[0]).toMatchObject({
      level: 'warn',
      msg: 'records-lost',
      text: 'Two are lost.\nReally.',
      verdicts: 2,
    });
    expect(new Date(sink.entries[0]!.time as string).getTime()).toBeGreaterThan(0);
  });

  test('the level holds for lines about the agent, never for events', () => {
    const sink = new HeldSink();
    const log = new AgentLog(sink, 'error');
    log.info('ready', 'x');
    log.warn('stopping', 'x');
    log.event(event('report'));
    log.error('delivery-failed', 'x');
    expect(sink.codes()).toEqual(['event', 'delivery-failed']);
  });

  test.each<[Verdict, string]>([
    ['report', 'info'],
    ['refuse', 'warn'],
    ['kill', 'warn'],
    ['unknown', 'warn'],
    ['unseen', 'warn'],
    ['protected', 'warn'],
  ])('an event with verdict %s has level %s', (verdict, level) => {
    const sink = new HeldSink();
    new AgentLog(sink, 'info').event(event(verdict));
    expect(sink.entries[0]).toMatchObject({ level, msg: 'event', title: 'a\nb' });
  });
});
