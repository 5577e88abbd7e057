/** The agent's configuration: a small YAML file, each key checked, and what the command line puts above it. */
import { isIP } from 'node:net';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { SecretPattern } from '../events/scrub/patterns.js';
import type { TierName } from '../kernel/types.js';
import { didYouMean } from '../policy/nearest.js';
import { type LogLevel, logLevels } from '../telemetry/log.js';
import type { ListenAddress } from '../telemetry/server.js';
import type { LogDestination } from '../telemetry/sink.js';
import { limits } from './limits.js';

export interface Config {
  /** Policy files, and directories of `*.policy` files, in order. */
  policies: readonly string[];
  listen: ListenAddress;
  log: { level: LogLevel; destination: LogDestination };
  /** What the kernel does about a rule that is unknown at exec. */
  onUnknown: 'report' | 'enforce';
  /** What the kernel does about an exec it was never asked about. */
  onUnseen: 'report' | 'enforce';
  /** What is done about processes that run already when a policy comes into force. */
  sweep: SweepMode;
  /** Patterns of secrets in arguments, in RE2 syntax, besides those that are known anyway. */
  scrub: { patterns: readonly string[] };
  /** Exactly this tier; absent: the best that is to be had. */
  tier?: TierName;
}

/** `off`: nothing. `report`: they are judged, and events say so. `enforce`: what the rules say is done to them. */
export type SweepMode = (typeof sweepModes)[number];
export const sweepModes = ['off', 'report', 'enforce'] as const;

/** What the configuration file and the command line say; the rest has defaults. */
export interface ConfigSource {
  policies?: readonly string[] | undefined;
  listen?: ListenAddress | undefined;
  log?: { level?: LogLevel | undefined; destination?: LogDestination | undefined } | undefined;
  onUnknown?: 'report' | 'enforce' | undefined;
  onUnseen?: 'report' | 'enforce' | undefined;
  sweep?: SweepMode | undefined;
  scrub?: { patterns?: readonly string[] | undefined } | undefined;
  tier?: TierName | undefined;
}

/** The configuration cannot be used. The message begins with the place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: 'config-yaml' | 'config-key' | 'config-value' | 'config-unreadable';
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(code: ConfigError['code'], message: string, position?: { line: number; column: number }) {
    super(message);
    this.code = code;
    this.line = position?.line;
    this.column = position?.column;
  }
}

export const tierNames = ['lsm', 'fmod_ret', 'kprobe', 'tracepoint'] as const satisfies readonly TierName[];

const decision = z.enum(['report', 'enforce']);
const schema = z.strictObject({
  policies: z.array(z.string().min(1)).min(1).optional(),
  listen: z.union([z.string(), z.int()]).transform(String).transform(viaText(parseListen)).optional(),
  log: z
    .strictObject({
      level: z.enum(logLevels).optional(),
      destination: z.string().transform(viaText(parseDestination)).optional(),
    })
    .optional(),
  on_unknown: decision.optional(),
  on_unseen: decision.optional(),
  sweep: z.enum(sweepModes).optional(),
  scrub: z
    .strictObject({
      patterns: z
        .array(z.string().transform(viaText(parseScrubPattern)))
        .max(limits.scrubPatterns.value)
        .optional(),
    })
    .optional(),
  tier: z.enum(tierNames).optional(),
});

/** Keys of the file by the path above them, for "did you mean". */
const knownKeys: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(schema.shape),
  log: ['level', 'destination'],
  scrub: ['patterns'],
};

/** Reads the text of a configuration file. `file` is only named in errors. Throws ConfigError at the first mistake. */
export function parseConfig(text: string, file: string): ConfigSource {
  if (Buffer.byteLength(text) > limits.configBytes.value) {
    throw new ConfigError(
      'config-yaml',
      `${file}: larger than ${limits.configBytes.value} ${limits.configBytes.unit}.`,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fail = (code: ConfigError['code'], message: string, offset: number): never => {
    const position = at(offset);
    throw new ConfigError(code, `${file}:${position.line}:${position.column}: ${message}`, position);
  };
  const [mistake] = document.errors;
  if (mistake !== undefined) fail('config-yaml', mistake.message, mistake.pos[0]);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return {};
  if (!isMap(contents)) fail('config-yaml', 'The configuration is a mapping of keys to values.', 0);

  const alias = findAlias(document);
  if (alias !== undefined) fail('config-yaml', 'Aliases are not read here; write the value out.', alias);
  const result = schema.safeParse(document.toJS());
  if (result.success) {
    const { on_unknown: onUnknown, on_unseen: onUnseen, ...rest } = result.data;
    return { ...rest, onUnknown, onUnseen };
  }
  const issue = result.error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = knownKeys[path.join('.')] ?? [];
    const help = didYouMean(key, known) ?? `the keys here are ${known.join(', ')}`;
    return fail('config-key', `Unknown key \`${[...path, key].join('.')}\`: ${help}`, keyOffset(document, path, key));
  }
  return fail('config-value', `\`${path.join('.')}\`: ${issue.message}`, valueOffset(document, path));
}

/** Puts defaults under what was said; `above` (the command line) goes over `file`. */
export function completeConfig(
  file: ConfigSource,
  above: ConfigSource,
  defaults: { policies: readonly string[] },
): Config {
  const tier = above.tier ?? file.tier;
  return {
    policies: above.policies ?? file.policies ?? defaults.policies,
    listen: above.listen ?? file.listen ?? { host: '127.0.0.1', port: 9477 },
    log: {
      level: above.log?.level ?? file.log?.level ?? 'info',
      destination: above.log?.destination ?? file.log?.destination ?? { to: 'stdout' },
    },
    onUnknown: above.onUnknown ?? file.onUnknown ?? 'report',
    onUnseen: above.onUnseen ?? file.onUnseen ?? 'report',
    sweep: above.sweep ?? file.sweep ?? 'report',
    scrub: { patterns: above.scrub?.patterns ?? file.scrub?.patterns ?? [] },
    ...(tier !== undefined && { tier }),
  };
}

/** `127.0.0.1:9477`, `[::1]:9477`, `localhost:0` or a port alone. Throws RangeError with a sentence. */
export function parseListen(text: string): ListenAddress {
  const [, host = '127.0.0.1', port] = /^(?:(\[[^\]]*\]|[^:]*):)?([0-9]{1,5})$/.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (port === undefined || Number(port) > 65_535 || (bare !== 'localhost' && isIP(bare) === 0)) {
    throw new RangeError(`"${text}" is no address to listen on; write one like 127.0.0.1:9477 or [::1]:9477.`);
  }
  return { host: bare, port: Number(port) };
}

/** True for an address that only this host can reach. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** `stdout`, `stderr` or an absolute path. Throws RangeError with a sentence. */
export function parseDestination(text: string): LogDestination {
  if (text === 'stdout' || text === 'stderr') return { to: text };
  if (text.startsWith('/')) return { to: 'file', path: text };
  throw new RangeError(`"${text}" is no destination; write stdout, stderr or an absolute path.`);
}

/** Checks a pattern of secrets, and leaves it as it is. Throws RangeError with a sentence. */
function parseScrubPattern(source: string): string {
  new SecretPattern(source);
  return source;
}

/** A parser that throws RangeError, as zod wants it. */
function viaText<Result>(parse: (text: string) => Result): (text: string, context: z.RefinementCtx) => Result {
  return (text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: text });
      return z.NEVER;
    }
  };
}

/** The offset of the first alias: a small file needs none, and without them nothing can expand. */
function findAlias(document: ConfigDocument): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias: (_, node) => {
      found = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

type ConfigDocument = ReturnType<typeof parseDocument>;

function keyOffset(document: ConfigDocument, path: readonly string[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return 0;
  const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair !== undefined && isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function valueOffset(document: ConfigDocument, path: readonly string[]): number {
  const node: unknown = document.getIn(
    path.map((name) => (/^\d+$/.test(name) ? Number(name) : name)),
    true,
  );
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}
