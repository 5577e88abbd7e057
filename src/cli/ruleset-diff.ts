/** What changes in what is enforced, between two sets of policies. */
import type { Act, Place, PlannedRule } from '../compiler/index.js';
import { type Expression, type FieldUse, type Matcher, showBytes } from '../secl/index.js';

export type Change =
  | {
      readonly change: 'added' | 'removed';
      readonly rule: string;
      readonly act: Act;
      readonly place: Place;
      readonly expression: string;
    }
  | { readonly change: 'act'; readonly rule: string; readonly before: Act; readonly after: Act }
  | { readonly change: 'mode'; readonly rule: string; readonly before: string; readonly after: string }
  | {
      readonly change: 'place';
      readonly rule: string;
      readonly before: Place;
      readonly after: Place;
      readonly why: string;
    }
  | {
      readonly change: 'expression';
      readonly rule: string;
      readonly before: string;
      readonly after: string;
      /** Same text: what changed is a macro it uses. */
      readonly through: 'its text' | 'a macro';
      /** What it newly matches, and no longer: where the change is within lists of one field. */
      readonly lists: readonly ListChange[];
    }
  | {
      readonly change: 'actions';
      readonly rule: string;
      readonly before: readonly string[];
      readonly after: readonly string[];
    };

export interface ListChange {
  readonly field: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** In the order of the new rules; then what is gone. */
export function diffRules(before: readonly PlannedRule[], after: readonly PlannedRule[]): Change[] {
  const old = new Map(before.map((planned) => [planned.rule.id, planned]));
  const kept = new Set(after.map(({ rule }) => rule.id));
  return [
    ...after.flatMap((planned): Change[] => {
      const earlier = old.get(planned.rule.id);
      return earlier === undefined ? [whole('added', planned)] : changes(earlier, planned);
    }),
    ...before.filter(({ rule }) => !kept.has(rule.id)).map((planned) => whole('removed', planned)),
  ];
}

function whole(change: 'added' | 'removed', { rule, act, place }: PlannedRule): Change {
  return { change, rule: rule.id, act, place, expression: rule.source };
}

function changes(before: PlannedRule, after: PlannedRule): Change[] {
  const rule = after.rule.id;
  const found: Change[] = [];
  if (before.act !== after.act) found.push({ change: 'act', rule, before: before.act, after: after.act });
  else if (before.rule.mode !== after.rule.mode) {
    found.push({ change: 'mode', rule, before: before.rule.mode, after: after.rule.mode });
  }
  if (before.place !== after.place) {
    found.push({ change: 'place', rule, before: before.place, after: after.place, why: after.why });
  }
  const [was, is] = [canonical(before.rule.expression), canonical(after.rule.expression)];
  if (was !== is || before.rule.event !== after.rule.event) {
    found.push({
      change: 'expression',
      rule,
      before: before.rule.source,
      after: after.rule.source,
      through: oneLine(before.rule.source) === oneLine(after.rule.source) ? 'a macro' : 'its text',
      lists: listChanges(before.rule.expression, after.rule.expression),
    });
  }
  const [did, does] = [before, after].map((planned) => planned.rule.actions.map((action) => canonical(action)));
  if (JSON.stringify(did) !== JSON.stringify(does)) {
    const names = ({ rule: of }: PlannedRule) => of.actions.map(({ action }) => action);
    found.push({ change: 'actions', rule, before: names(before), after: names(after) });
  }
  return found;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Equal for what means the same: offsets into texts are left out, a field is its name. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (key === 'start' || key === 'end') return undefined;
    if (key === 'source' && typeof item === 'string') return oneLine(item);
    if (key === 'field' && typeof item === 'object' && item !== null && 'canonical' in item) return item.canonical;
    return typeof item === 'bigint' ? `${item}n` : item;
  });
}

/** Where the two differ only in the literals of some fields: what came and what went. */
function listChanges(before: Expression, after: Expression): ListChange[] {
  const [old, now] = [literals(before), literals(after)];
  if (shape(before) !== shape(after) || old.length !== now.length) return [];
  return now.flatMap(({ field, texts }, index): ListChange[] => {
    const earlier = old[index]!.texts;
    const added = texts.filter((text) => !earlier.includes(text));
    const removed = earlier.filter((text) => !texts.includes(text));
    return added.length + removed.length === 0 ? [] : [{ field: field.field.name, added, removed }];
  });
}

/** The expression without its literals. */
function shape(expression: Expression): string {
  const bare: unknown = JSON.parse(canonical(expression));
  return JSON.stringify(bare, (key, item: unknown) => (key === 'matchers' ? [] : item));
}

function literals(expression: Expression): { readonly field: FieldUse; readonly texts: readonly string[] }[] {
  switch (expression.node) {
    case 'match':
      return [{ field: expression.field, texts: expression.matchers.map(textOf) }];
    case 'and':
    case 'or':
      return expression.operands.flatMap(literals);
    case 'not':
      return literals(expression.operand);
    case 'some':
      return literals(expression.body);
    default:
      return [];
  }
}

function textOf(matcher: Matcher): string {
  switch (matcher.kind) {
    case 'exact':
      return `"${showBytes(matcher.bytes)}"`;
    case 'wildcard':
    case 'glob':
      return `~"${showBytes(matcher.pattern)}"`;
    case 'regexp':
      return `r"${matcher.source}"`;
  }
}
