/** A policy file's bytes to its definitions. */
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import type { Node } from 'yaml';
import type { MacroDefinition, PolicyDefinition, RuleDefinition } from './definition.js';
import { parseDocument } from './document.js';
import { modes, policyKeys } from './keys.js';
import { limits } from './limits.js';
import { parseMacro } from './parse-macro.js';
import { parseRule } from './parse-rule.js';
import { type Entries, Reader } from './reader.js';
import { Reporter } from './reporter.js';
import type { PolicySource } from './ruleset.js';
import { SourceText } from './source.js';

/** A policy file that was read. */
export interface PolicyFile {
  /** As it is named in diagnostics. */
  readonly file: string;
  readonly text: string | Uint8Array;
}

/** `policy` is absent when the file is refused whole; the reporter says why. */
export interface ParsedFile {
  readonly reporter: Reporter;
  readonly policy?: PolicyDefinition;
}

/** `hooks` and `replace_policy_id` are the reference product's; they load and have no effect here yet. */
const withoutEffect = ['hooks', 'replace_policy_id'];

/** A file as YAML; without a reader it is refused, and the reporter says why. */
export function openDocument({ file, text: content }: PolicyFile): {
  readonly reporter: Reporter;
  readonly reader?: Reader;
} {
  const text = decode(file, content);
  if (text instanceof Reporter) return { reporter: text };
  const reporter = new Reporter(new SourceText(file, text));
  const document = parseDocument(reporter);
  return document === undefined ? { reporter } : { reporter, reader: new Reader(document, reporter) };
}

export function parsePolicyFile(source: PolicyFile): ParsedFile {
  const { reporter, reader } = openDocument(source);
  if (reader === undefined) return { reporter };
  const { file } = source;
  const entries = reader.mapping(reader.root, 'a policy', Object.keys(policyKeys));
  if (entries === undefined) return { reporter };

  const modeEntry = entries.get('mode');
  const mode = modeEntry && reader.word(modeEntry.node, 'the `mode` of a policy', modes);
  if (modeEntry !== undefined && mode === undefined) {
    // What its rules would do is not known, so none is loaded.
    return { reporter };
  }
  for (const key of withoutEffect) {
    const entry = entries.get(key);
    if (entry === undefined) continue;
    const [start, , end] = entry.key.range ?? [0, 0, 0];
    const message = `\`${key}\` has no effect here`;
    reporter.report({ severity: 'warning', code: 'no-effect', message }, { start, end });
  }
  const versionEntry = entries.get('version');
  const version = versionEntry && reader.text(versionEntry.node, 'the `version` of a policy')?.value;
  const policy: PolicySource = {
    name: basename(file),
    file,
    mode: mode ?? 'enforce',
    ...(version !== undefined && { version }),
  };
  const macros = items(entries, 'macros', reader)
    .map((node) => parseMacro(node, reader))
    .filter((macro): macro is MacroDefinition => macro !== undefined);
  const rules = items(entries, 'rules', reader)
    .map((node) => parseRule(node, reader, { policy, mode }))
    .filter((rule): rule is RuleDefinition => rule !== undefined);
  return { reporter, policy: { policy, ...(mode && { mode }), reporter, macros, rules } };
}

function items(entries: Entries, key: string, reader: Reader): readonly Node[] {
  const entry = entries.get(key);
  return entry === undefined ? [] : (reader.list(entry.node, `\`${key}\``) ?? []);
}

/** The text of a file, or a reporter that says why it has none. */
function decode(file: string, content: string | Uint8Array): string | Reporter {
  const size = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
  if (size > limits.fileBytes.value) {
    const reporter = new Reporter(new SourceText(file, ''));
    const message = `the file has ${size} bytes; the limit is ${limits.fileBytes.value}`;
    reporter.report({ severity: 'error', code: 'too-large', message }, { start: 0, end: 0 });
    return reporter;
  }
  const bytes = typeof content === 'string' ? undefined : Buffer.from(content.buffer, content.byteOffset, size);
  const decoded = bytes === undefined ? (content as string) : bytes.toString('utf8');
  const text = decoded.replace(/^\uFEFF/, '');
  const refuse = (code: string, message: string, offset: number) => {
    const reporter = new Reporter(new SourceText(file, text));
    reporter.report({ severity: 'error', code, message }, { start: offset, end: offset + 1 });
    return reporter;
  };
  if (bytes !== undefined && !isUtf8(bytes)) {
    return refuse(
      'not-utf8',
      'the file is not UTF-8 text',
      firstInvalid(bytes, decoded) - (decoded.length - text.length),
    );
  }
  const nul = text.indexOf('\0');
  return nul >= 0 ? refuse('nul', 'the file contains a NUL byte: it is not text', nul) : text;
}

/** The offset into the decoded text of the first byte sequence that is not UTF-8: there it encodes differently. */
function firstInvalid(bytes: Buffer, text: string): number {
  const encoded = Buffer.from(text);
  let at = 0;
  while (at < bytes.length && encoded[at] === bytes[at]) at++;
  while (at > 0 && (encoded[at]! & 0xc0) === 0x80) at--;
  return encoded.toString('utf8', 0, at).length;
}
