/** Decides a rule by its whole expression over what a record carries. */
import { evaluateViews } from '../secl/index.js';
import type { RecordJudge } from './maker.js';
import { viewsOf } from './record-event.js';

/** `now`: milliseconds since the epoch, for ages. */
export function recordJudge(now: () => number = Date.now): RecordJudge {
  return (rule, record) => evaluateViews(rule.expression, viewsOf(record), { now: BigInt(now()) * 1_000_000n });
}
