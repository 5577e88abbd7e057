/** The plan: for each rule where and when it decides, what is done there, and why there. */
import type { Rule, Ruleset } from '../policy/ruleset.js';
import { type Automaton, automatonBytes } from './automata/automaton.js';
import type { CompiledRule } from './compiled-rule.js';
import { isWaiting } from './fields.js';
import { eachLiteral, type Formula } from './formula.js';
import type { StreamName } from './image/layout.js';

export type Place = 'kernel-before-exec' | 'kernel-at-exec' | 'user-space' | 'waiting';

/** What is done where the rule decides. `kill-after`: from user space, when the program already runs. */
export type Act = 'refuse' | 'kill' | 'kill-after' | 'report';

export interface PlannedRule {
  readonly rule: Rule;
  readonly place: Place;
  /** What is done now: in mode `monitor` every rule only reports. */
  readonly act: Act;
  /** What it would do in mode `enforce`. */
  readonly inEnforce: Act;
  /** Sentences a person can read. */
  readonly why: string;
  /** The kernel lets only candidates through to user space. */
  readonly prefilter?: true;
}

export interface PlannedAutomaton {
  readonly kind: string;
  readonly states: number;
  readonly bytes: number;
  readonly patterns: number;
}

export interface Plan {
  /** In the order of the ruleset. */
  readonly rules: readonly PlannedRule[];
  readonly passes: readonly { readonly stream: string; readonly automata: readonly PlannedAutomaton[] }[];
  /** How many conditions on parents and ancestors are decided for each program that is executed. */
  readonly conditions: number;
  /** Size of the image. */
  readonly bytes: number;
}

/** The plan of a compiled ruleset. `compiled`: its exec rules, in order. */
export function planOf(
  ruleset: Ruleset,
  compiled: readonly CompiledRule[],
  automata: ReadonlyMap<StreamName, readonly Automaton[]>,
  { conditions, bytes }: Pick<Plan, 'conditions' | 'bytes'>,
): Plan {
  let next = 0;
  const rules = ruleset.rules.map((rule) => (rule.event === 'exec' ? planExec(compiled[next++]!) : planOther(rule)));
  const passes = [...automata].map(([stream, list]) => ({
    stream,
    automata: list.map((automaton) => ({
      kind: kindOf(automaton),
      states: automaton.states,
      bytes: automatonBytes(automaton),
      patterns: automaton.patterns,
    })),
  }));
  return { rules, passes, conditions, bytes };
}

function planExec(compiled: CompiledRule): PlannedRule {
  const { rule, decision, formula, reasons } = compiled;
  if (decision === 'candidate') return planCandidate(compiled);
  const action = unfiltered(rule);
  const notes = formula.kind === 'constant' && !formula.value ? ['It can never hold.'] : [];
  if (action === 'deny' && !needsExec(formula)) {
    return planned(rule, 'kernel-before-exec', 'refuse', [
      'The kernel makes all its tests before the exec; what only the exec itself shows is killed there, before its first instruction.',
      ...notes,
    ]);
  }
  if (action === 'deny') {
    return planned(rule, 'kernel-at-exec', 'kill', [
      'The kernel makes all its tests, but the command name and the effective ids are final only at the exec, too late to refuse it.',
      ...notes,
    ]);
  }
  if (action === 'kill') {
    return planned(rule, 'kernel-at-exec', 'kill', [
      'The kernel makes all its tests at the exec, before the first instruction of the program.',
      ...widerScope(rule),
      ...notes,
    ]);
  }
  return planned(rule, 'kernel-at-exec', afterwards(rule), [
    'The kernel makes all its tests at the exec.',
    ...filteredNote(rule),
    ...notes,
    ...reasons,
  ]);
}

function planCandidate({ rule, reasons, formula }: CompiledRule): PlannedRule {
  const prefilter = !(formula.kind === 'constant' && formula.value);
  const because = `The kernel cannot decide it: ${reasons.join('; ')}.`;
  const part = prefilter
    ? 'It tests the rest, and user space decides on what is left.'
    : 'Nothing of the rest limits it, so user space decides on every exec.';
  const waiting = [...new Set(rule.fields.filter(isWaiting).map(({ name }) => name))];
  if (waiting.length > 0) {
    const without = `Nothing reports ${waiting.join(', ')} yet: where it matters, the rule is unknown.`;
    return { ...planned(rule, 'waiting', 'report', [without, because]), ...(prefilter && { prefilter }) };
  }
  const lost = unfiltered(rule) === 'deny' ? ['The exec cannot be refused: it is over when the rule decides.'] : [];
  return {
    ...planned(rule, 'user-space', afterwards(rule), [because, part, ...lost, ...filteredNote(rule)]),
    ...(prefilter && { prefilter }),
  };
}

function planOther(rule: Rule): PlannedRule {
  if (rule.event === 'exit' || rule.event === 'fork') {
    const kills = rule.actions.some(({ action }) => action === 'kill');
    return planned(rule, 'user-space', 'report', [
      `A rule about ${rule.event} decides on the event, in user space.`,
      ...(kills ? ['The process has ended by then, so there is nothing to kill.'] : []),
    ]);
  }
  return planned(rule, 'waiting', 'report', [`Nothing reports ${rule.event} events yet.`]);
}

function planned(rule: Rule, place: Place, inEnforce: Act, sentences: readonly string[]): PlannedRule {
  const monitored = rule.mode === 'monitor' && inEnforce !== 'report';
  const act = monitored ? 'report' : inEnforce;
  const mode = monitored ? [`Its mode is monitor: it only reports that it would ${wouldDo[inEnforce]}.`] : [];
  return { rule, place, act, inEnforce, why: [...sentences, ...mode].join(' ') };
}

const wouldDo: Record<Act, string> = {
  refuse: 'refuse the exec',
  kill: 'kill the program',
  'kill-after': 'kill the program afterwards',
  report: 'report',
};

/** The strongest action that the kernel can carry out by itself. */
function unfiltered(rule: Rule): 'deny' | 'kill' | 'none' {
  const has = (name: 'deny' | 'kill') =>
    rule.actions.some((action) => action.action === name && action.filter === undefined);
  return has('deny') ? 'deny' : has('kill') ? 'kill' : 'none';
}

/** What user space does when the event has happened. */
function afterwards(rule: Rule): Act {
  return rule.actions.some(({ action }) => action === 'kill') ? 'kill-after' : 'report';
}

function filteredNote(rule: Rule): string[] {
  const filtered = rule.actions.filter((action) => action.filter !== undefined && action.action !== 'log');
  if (filtered.some(({ action }) => action === 'deny')) {
    return ['Its deny has a filter, which is decided in user space, when the exec is over: it cannot be carried out.'];
  }
  if (filtered.some(({ action }) => action === 'kill'))
    return ['Its kill has a filter, which is decided in user space.'];
  return [];
}

function widerScope(rule: Rule): string[] {
  const wider = rule.actions.find((action) => action.action === 'kill' && action.scope !== 'process');
  if (wider?.action !== 'kill') return [];
  return [`The others of its ${wider.scope} are ended a moment later, from user space.`];
}

function needsExec(formula: Formula): boolean {
  let needed = false;
  eachLiteral(formula, ({ test }) => {
    needed ||= test.settled === 'at-exec';
  });
  return needed;
}

function kindOf({ kind, view }: Automaton): string {
  switch (kind) {
    case 'group':
      return 'patterns';
    case 'joined':
      return 'words and patterns';
    case 'words':
      return view === 'joined'
        ? 'words of the joined arguments'
        : view === 'elements'
          ? 'words of each argument'
          : 'words';
  }
}
