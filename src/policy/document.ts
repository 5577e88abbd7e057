/** A policy file as YAML: parsed with a bound on everything a hostile file could make large. */
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  type Node,
  Parser,
  type YAMLMap,
} from 'yaml';
import { type Limit, limits } from './limits.js';
import type { Reporter } from './reporter.js';
import type { Range } from './source.js';

type Token = Parameters<Composer['next']>[0];

export interface PolicyDocument {
  readonly root: YAMLMap;
  /** What an alias stands for; any other node is itself. */
  resolve(node: Node): Node;
}

/** Parses the text of the reporter's file. Undefined: the file is refused, and the reporter says why. */
export function parseDocument(reporter: Reporter): PolicyDocument | undefined {
  const refuse = (code: string, message: string, range: Range, help?: string) => {
    reporter.report({ severity: 'error', code, message, help }, range);
    return undefined;
  };
  const tokens = tokenize(reporter);
  if (tokens === undefined) return undefined;

  const text = reporter.source.text;
  // Duplicate keys are found below: the composer's own check takes the square of the number of keys.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, intAsBigInt: true, version: '1.2' });
  const [document, ...more] = [...composer.compose(tokens, true, text.length)] as Document.Parsed[];
  if (document === undefined) return refuse('empty', 'the file is empty', { start: 0, end: 0 });

  if (document.errors.length > 0) {
    for (const error of document.errors) {
      const [start, end] = error.pos;
      reporter.report({ severity: 'error', code: 'yaml', message: sentence(error.message) }, { start, end });
    }
    return undefined;
  }
  const extra = more[0];
  if (extra !== undefined) {
    const start = extra.range?.[0] ?? text.length;
    reporter.report(
      {
        severity: 'warning',
        code: 'extra-document',
        message: 'only the first YAML document of a file is read; this one is ignored',
        help: 'put it into a file of its own',
      },
      { start, end: start },
    );
  }

  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) {
    return refuse('empty', 'the file is empty', { start: 0, end: 0 });
  }
  if (!isMap(root)) {
    const range = rangeOf(root);
    return refuse('not-a-mapping', 'a policy is a mapping with the keys `version`, `macros` and `rules`', range);
  }
  const targets = new Map<Alias, Node>();
  if (!inspect(root, reporter, targets)) return undefined;
  return { root, resolve: (node) => (isAlias(node) ? (targets.get(node) ?? node) : node) };
}

/** The place of a node: its own text, without what comes after it. */
export function rangeOf(node: Node): Range {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

/** The tokens of the text, as long as there are not too many and they are not nested too deep. */
function tokenize(reporter: Reporter): Token[] | undefined {
  const parser = new Parser();
  const tokens: Token[] = [];
  const refuse = (code: string, { value, unit }: Limit) => {
    const range = { start: parser.offset, end: parser.offset };
    reporter.report({ severity: 'error', code, message: `more than ${value} ${unit}` }, range);
    return undefined;
  };
  const { yamlTokens, yamlDepth } = limits;
  let left: number = yamlTokens.value;
  const deepest: number = yamlDepth.value;
  for (const lexeme of new Lexer().lex(reporter.source.text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (--left < 0) return refuse('too-large', yamlTokens);
    if (parser.stack.length > deepest) return refuse('too-deep', yamlDepth);
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/**
 * Walks the whole tree once: duplicate keys, what each alias stands for, and how large the tree would be with every
 * alias written out. False: refused, and reported.
 */
function inspect(root: Node, reporter: Reporter, targets: Map<Alias, Node>): boolean {
  const anchors = new Map<string, { node: Node; size: number | undefined }>();
  const before = reporter.errors;

  const size = (node: Node): number => {
    if (isAlias(node)) return sizeOfAlias(node);
    const entry = { node, size: undefined as number | undefined };
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, entry);
    let total = 1;
    if (isCollection(node)) {
      if (isMap(node)) reportDuplicateKeys(node, reporter);
      for (const item of node.items) {
        const parts = isPair(item) ? [item.key, item.value] : [item];
        for (const part of parts) if (part !== null && part !== undefined) total += size(part as Node);
      }
    }
    entry.size = total;
    return total;
  };

  const sizeOfAlias = (alias: Alias): number => {
    const target = anchors.get(alias.source);
    if (target?.size === undefined) {
      const why = target === undefined ? 'names no anchor that comes before it' : 'stands inside what it names';
      const message = `the alias \`*${alias.source}\` ${why}`;
      reporter.report({ severity: 'error', code: 'alias', message }, rangeOf(alias));
      return 1;
    }
    targets.set(alias, target.node);
    if (targets.size === limits.aliases.value + 1) {
      const message = `more than ${limits.aliases.value} aliases in one file`;
      reporter.report({ severity: 'error', code: 'alias-bomb', message }, rangeOf(alias));
    }
    if (target.size > limits.expandedNodes.value) {
      const message = `with its aliases written out this is larger than ${limits.expandedNodes.value} nodes`;
      reporter.report({ severity: 'error', code: 'alias-bomb', message }, rangeOf(alias));
      return 1;
    }
    return target.size;
  };

  const total = size(root);
  if (total > limits.expandedNodes.value) {
    const message = `with its aliases written out the file is larger than ${limits.expandedNodes.value} nodes`;
    reporter.report({ severity: 'error', code: 'alias-bomb', message }, { start: 0, end: 0 });
  }
  return reporter.errors === before;
}

function reportDuplicateKeys(map: YAMLMap, reporter: Reporter): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) {
      const message = `the key \`${name}\` is given twice`;
      reporter.report({ severity: 'error', code: 'duplicate-key', message }, rangeOf(key));
    }
    seen.add(name);
  }
}

/** The library's message in the manner of the others: a sentence without capital and full stop. */
function sentence(message: string): string {
  const text = message.trim().replace(/[.:]$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}
