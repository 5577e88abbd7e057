/** One item of a policy's `rules`. */
import { isMap, isScalar, type Node } from 'yaml';
import type { ActionDefinition, RuleDefinition } from './definition.js';
import { rangeOf } from './document.js';
import { modes, overrideFields, ruleCombinations, ruleKeys } from './keys.js';
import { parseAction } from './parse-action.js';
import { isId, parseDefinition, textList } from './parse-definition.js';
import type { Entries, Reader } from './reader.js';
import type { Mode, PolicySource } from './ruleset.js';

const known = Object.keys(ruleKeys);

/** The policy a rule stands in. */
export interface Surroundings {
  readonly policy: PolicySource;
  /** What the file says, if it says it. */
  readonly mode: Mode | undefined;
}

/** Undefined: not a rule that can be loaded, and reported. */
export function parseRule(node: Node, reader: Reader, surroundings: Surroundings): RuleDefinition | undefined {
  const { reporter } = reader;
  const before = reporter.errors;
  const entries = reader.mapping(node, 'a rule', known, idOf(node));
  if (entries === undefined) return undefined;
  const definition = parseDefinition(entries, node, reader, 'rule');
  if (definition === undefined) return undefined;
  const { id } = definition;

  const text = (key: string) => {
    const entry = entries.get(key);
    return entry && reader.text(entry.node, `the \`${key}\` of a rule`, id);
  };
  const flag = (key: string) => {
    const entry = entries.get(key);
    return entry === undefined ? false : (reader.boolean(entry.node, `\`${key}\``, id) ?? false);
  };

  const expression = text('expression');
  const disabled = flag('disabled');
  const combineEntry = entries.get('combine');
  const combine = combineEntry && reader.word(combineEntry.node, '`combine` of a rule', ruleCombinations, id);
  if (expression === undefined && !disabled && combine !== 'override' && reporter.errors === before) {
    const message = `the rule \`${id}\` has no \`expression\``;
    reporter.report({ severity: 'error', code: 'missing-expression', message, rule: id }, definition.range);
  }
  const groupId = text('group_id');
  if (groupId !== undefined && groupId.value !== '') isId(groupId, 'the `group_id` of a rule', reader);
  const everyEntry = entries.get('every');
  const every = everyEntry && reader.duration(everyEntry.node, '`every`', id);
  const priorityEntry = entries.get('priority');
  const priority = priorityEntry && reader.integer(priorityEntry.node, '`priority`', Number.MIN_SAFE_INTEGER, id);
  const modeEntry = entries.get('mode');
  const mode = modeEntry && reader.word(modeEntry.node, '`mode`', modes, id);
  const description = text('description')?.value;
  const version = text('version')?.value;

  const rule: RuleDefinition = {
    ...definition,
    policy: surroundings.policy,
    ...(surroundings.mode !== undefined && { policyMode: surroundings.mode }),
    ...(description !== undefined && { description }),
    ...(version !== undefined && { version }),
    ...(expression && { expression: { text: expression, reporter } }),
    tags: parseTags(entries, reader, id),
    productTags: textList(entries.get('product_tags'), '`product_tags`', reader, id).map(({ value }) => value),
    disabled,
    ...(combine === 'override' && { combine }),
    overrideFields: parseOverrideFields(entries, reader, id),
    ...(every !== undefined && { every }),
    limiterToken: textList(entries.get('limiter_token'), '`limiter_token`', reader, id),
    silent: flag('silent'),
    ...(groupId !== undefined && groupId.value !== '' && { groupId: groupId.value }),
    priority: priority ?? 0,
    actions: parseActions(entries, reader, id),
    ...(mode && modeEntry && { mode: { value: mode, range: rangeOf(modeEntry.node) } }),
  };
  return reporter.errors > before ? undefined : rule;
}

/** The id, if there is one, so that a complaint about the keys can name the rule. */
function idOf(node: Node): string | undefined {
  const id = isMap(node) ? node.get('id', true) : undefined;
  return isScalar(id) && typeof id.value === 'string' ? id.value : undefined;
}

function parseTags(entries: Entries, reader: Reader, rule: string): Record<string, string> {
  const entry = entries.get('tags');
  const tags: Record<string, string> = {};
  if (entry === undefined) return tags;
  for (const [key, { node }] of reader.freeMapping(entry.node, '`tags`', rule) ?? []) {
    const value = reader.text(node, `the tag \`${key}\``, rule);
    if (value !== undefined) tags[key] = value.value;
  }
  return tags;
}

function parseOverrideFields(entries: Entries, reader: Reader, rule: string): RuleDefinition['overrideFields'] {
  const entry = entries.get('override_options');
  const options = entry && reader.mapping(entry.node, '`override_options`', ['fields'], rule);
  const fields = options?.get('fields');
  if (fields === undefined) return [];
  const words = (reader.list(fields.node, '`fields`', rule) ?? []).map((item) =>
    reader.word(item, 'an element of `fields`', overrideFields, rule),
  );
  return words.filter((word) => word !== undefined);
}

function parseActions(entries: Entries, reader: Reader, rule: string): readonly ActionDefinition[] {
  const entry = entries.get('actions');
  if (entry === undefined) return [];
  const actions = (reader.list(entry.node, '`actions`', rule) ?? []).map((item) => parseAction(item, reader, rule));
  return actions.filter((action) => action !== undefined);
}
