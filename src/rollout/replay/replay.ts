/** What a policy would have done about execs that were recorded. */
import type { Act, PlannedRule } from '../../compiler/index.js';
import { type Event, EventError, evaluateViews, unknown, type Value } from '../../secl/index.js';
import { type LineCounts, type RecordedJson, recordedEvents } from './lines.js';
import { viewsOf } from './recorded-event.js';

/** One program that rules would have met. */
export interface MetProgram {
  readonly program: string;
  readonly execs: number;
  /** The arguments of one of them, for whoever wonders. */
  readonly example: string;
}

export interface RuleReplay {
  readonly rule: string;
  /** What it would do to them, in mode enforce. */
  readonly act: Act;
  readonly execs: number;
  /** Execs about which it cannot be said. */
  readonly unknown: number;
  /** Most execs first. */
  readonly programs: readonly MetProgram[];
}

export interface Replay extends LineCounts {
  readonly execs: number;
  /** Execs that some rule would have refused or killed. */
  readonly stopped: number;
  /** Events of other kinds: they are not replayed. */
  readonly others: number;
  /** In the order of the policy. */
  readonly rules: readonly RuleReplay[];
}

interface Tally {
  execs: number;
  unknown: number;
  readonly programs: Map<string, { execs: number; example: string }>;
}

/** Rejects when the path cannot be read. Rules about other events than exec are left out. */
export async function replay(path: string, planned: readonly PlannedRule[]): Promise<Replay> {
  const counts: LineCounts = { malformed: 0, folded: 0 };
  const rules = planned.filter(({ rule }) => rule.event === 'exec');
  const tallies = rules.map((): Tally => ({ execs: 0, unknown: 0, programs: new Map() }));
  const variables = unknownVariables(planned);
  let [execs, stopped, others] = [0, 0, 0];
  for await (const event of recordedEvents(path, counts)) {
    const views = viewsOrMalformed(event, counts);
    if (views === 'malformed') continue;
    if (views === undefined) {
      others++;
      continue;
    }
    execs++;
    const context = { now: BigInt(Date.parse(String(event.date)) || 0) * 1_000_000n, variables };
    let stops = false;
    rules.forEach(({ rule, inEnforce }, at) => {
      const truth = evaluateViews(rule.expression, views, context);
      if (truth === 'unknown') tallies[at]!.unknown++;
      if (truth !== true) return;
      count(tallies[at]!, event);
      stops ||= inEnforce !== 'report';
    });
    if (stops) stopped++;
  }
  return {
    ...counts,
    execs,
    stopped,
    others,
    rules: rules.map(({ rule, inEnforce }, at) => summary(rule.id, inEnforce, tallies[at]!)),
  };
}

/** What variables held is in no event. */
function unknownVariables(planned: readonly PlannedRule[]): ReadonlyMap<string, Value> {
  const names = planned.flatMap(({ rule }) =>
    rule.actions.flatMap((action) => (action.action === 'set' ? [action.variable.name] : [])),
  );
  return new Map(names.map((name) => [name, unknown]));
}

function viewsOrMalformed(event: RecordedJson, counts: LineCounts): Event[] | undefined | 'malformed' {
  try {
    return viewsOf(event);
  } catch (error) {
    if (!(error instanceof EventError || error instanceof SyntaxError)) throw error;
    counts.malformed++;
    return 'malformed';
  }
}

function count(tally: Tally, event: RecordedJson): void {
  tally.execs++;
  const { file, process } = event as { file: Record<string, unknown>; process: Record<string, unknown> };
  const program = text(file.path ?? file.name ?? '?');
  const met = tally.programs.get(program);
  if (met !== undefined) {
    met.execs++;
    return;
  }
  const args = Array.isArray(process.args) ? process.args.map(text).join(' ') : '';
  tally.programs.set(program, { execs: 1, example: `${text(process.argv0 ?? '')} ${args}`.trim().slice(0, 200) });
}

function summary(rule: string, act: Act, { execs, unknown, programs }: Tally): RuleReplay {
  const met = [...programs].map(([program, { execs, example }]) => ({ program, execs, example }));
  met.sort((a, b) => b.execs - a.execs || (a.program < b.program ? -1 : 1));
  return { rule, act, execs, unknown, programs: met };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
