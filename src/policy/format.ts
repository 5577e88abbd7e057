/** `policy fmt`: one layout for all policies. Comments stay, and what the policy means does not change. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  parseDocument,
  type Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
} from 'yaml';
import { layout, SeclError } from '../secl/index.js';
import { actionKeys, type Key, type Keys, macroKeys, policyKeys, ruleKeys } from './keys.js';
import { openDocument } from './parse-file.js';
import type { Diagnostic } from './ruleset.js';

/** Characters a line. */
const lineWidth = 120;

export type Formatted =
  | { readonly outcome: 'formatted'; readonly text: string }
  /** The file is no YAML, or is none that is loaded. */
  | { readonly outcome: 'refused'; readonly diagnostics: readonly Diagnostic[] };

/** A policy file's text in the one layout. Formatting it again gives the same. */
export function formatPolicy(file: string, text: string | Uint8Array): Formatted {
  const { reporter, reader } = openDocument({ file, text });
  if (reader === undefined) return { outcome: 'refused', diagnostics: reporter.diagnostics() };
  const documents = parseAllDocuments(reporter.source.text, {
    intAsBigInt: true,
    uniqueKeys: false,
    version: '1.2',
    customTags: (tags) => [...tags, asWritten],
  });
  if ('empty' in documents) return { outcome: 'formatted', text: reporter.source.text };
  // Only the first document of a file is read; the others are laid out as YAML.
  const root = documents[0]!.contents;
  if (isMap(root)) formatDocument(documents[0]!, root as YAMLMap);
  for (const document of documents) keepNumbers(document);
  const formatted = documents.map((document) =>
    document.toString({ lineWidth, indent: 2, indentSeq: true, flowCollectionPadding: false }),
  );
  return { outcome: 'formatted', text: formatted.join('') };
}

/** Text that is written as it is given, by lines. */
class Written {
  /** The lines, for a width in characters. */
  readonly lines: (width: number) => readonly string[];
  readonly form: 'plain' | 'block';

  constructor(form: Written['form'], lines: Written['lines']) {
    this.form = form;
    this.lines = lines;
  }
}

const asWritten: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => value instanceof Written,
  resolve: (text) => text,
  stringify({ value, comment }, { indent }, onComment) {
    const written = value as Written;
    const lines = written.lines(lineWidth - indent.length);
    if (written.form === 'plain') return lines.join(' ');
    const header = comment ? `>- #${comment.replaceAll('\n', ' ')}` : '>-';
    if (comment) onComment?.();
    return [header, ...lines.map((line) => `${indent}${line}`)].join('\n');
  },
};

function formatDocument(document: Document, root: YAMLMap): void {
  // An alias must come after its anchor, so keys stay where they are when there is one.
  let order: 'kept' | 'canonical' = 'canonical';
  visit(document, {
    Node(_, node) {
      if (isAlias(node) || node.anchor !== undefined) order = 'kept';
    },
  });
  formatMap(root, policyKeys, order);
}

function formatMap(map: YAMLMap, keys: Keys, order: 'kept' | 'canonical'): void {
  if (order === 'canonical') reorder(map, Object.keys(keys));
  for (const { key, value } of map.items) {
    const known = isScalar(key) ? (keys as Readonly<Record<string, Key | undefined>>)[String(key.value)] : undefined;
    if (known !== undefined) formatValue(value, known, order, map.flow === true);
  }
}

function formatValue(node: unknown, { value }: Key, order: 'kept' | 'canonical', inFlow: boolean): void {
  switch (value.is) {
    case 'expression':
      if (isScalar(node)) formatExpression(node, inFlow);
      return;
    case 'mapping':
      if (isMap(node)) formatMap(node as YAMLMap, value.keys, order);
      return;
    case 'mappings':
      if (!isSeq(node)) return;
      for (const item of node.items) {
        if (isMap(item)) formatMap(item as YAMLMap, itemKeys[value.of], order);
      }
      return;
    default:
      return;
  }
}

const itemKeys: Readonly<Record<'macro' | 'rule' | 'action', Keys>> = {
  macro: macroKeys,
  rule: ruleKeys,
  action: actionKeys,
};

/** A plain scalar where it fits one line and YAML reads it as it is; else a folded block. */
function formatExpression(node: Scalar, inFlow: boolean): void {
  if (typeof node.value !== 'string' || node.anchor !== undefined || node.tag !== undefined) return;
  const text = node.value;
  let flat: string | undefined;
  try {
    flat = layout(text, Number.POSITIVE_INFINITY)?.[0];
  } catch (error) {
    // Whoever loads it will hear of it.
    if (error instanceof SeclError) return;
    throw error;
  }
  if (flat === undefined) return;
  if (inFlow) {
    // Braces and brackets leave no room for a block: YAML quotes what it must.
    node.value = flat;
    return;
  }
  const line = flat;
  const isPlain = flat.length + longestKey <= lineWidth - 4 && isPlainText(flat);
  node.value = isPlain
    ? new Written('plain', () => [line])
    : new Written('block', (width) => layout(text, width) ?? [line]);
  delete node.type;
}

/** `expression: ` and what comes before it in a rule. */
const longestKey = 12;

function isPlainText(text: string): boolean {
  const { errors, contents } = parseDocument(`- ${text}`);
  const item = errors.length === 0 && isSeq(contents) && contents.items.length === 1 ? contents.items[0] : undefined;
  return isScalar(item) && item.type === 'PLAIN' && item.value === text && item.comment == null;
}

/** Known keys in their order, others after them. A map whose inner keys have comments or blank lines before them stays. */
function reorder(map: YAMLMap, order: readonly string[]): void {
  const isBound = ({ key }: YAMLMap['items'][number], index: number) =>
    !isScalar(key) || (index > 0 && (key.commentBefore != null || key.spaceBefore === true));
  if (map.items.some(isBound)) return;
  const rank = ({ key }: YAMLMap['items'][number]) => {
    const at = order.indexOf(String((key as Scalar).value));
    return at < 0 ? order.length : at;
  };
  map.items.sort((a, b) => rank(a) - rank(b));
}

/** Numbers as they were written: `1.10` and `1e3` are versions too. */
function keepNumbers(document: Document): void {
  visit(document, {
    Scalar(_, node) {
      const { source, value } = node;
      const isNumber = typeof value === 'number' || typeof value === 'bigint';
      if (isNumber && source !== undefined) node.value = new Written('plain', () => [source]);
    },
  });
}
