/**
 * The configuration from its layers: what holds without a word, over that the file, over that the environment, over that the
 * options of the command line. Each value remembers who said it.
 */
import { existsSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { didYouMean } from '../policy/nearest.js';
import type { Config } from './config.js';
import { toConfig } from './config.js';
import { ConfigError } from './config-error.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { mistakeText } from './config-mistake.js';
import { configSchema, type Setting, settings } from './config-schema.js';
import { defaultConfigFile } from './package.js';

/** Who said a value. */
export type Origin =
  | { from: 'default' }
  | { from: 'file'; file: string; line: number }
  | { from: 'environment'; variable: string }
  | { from: 'option'; option: string };

export interface ConfigSources {
  /** Must be there; without it the host's file, if there is one. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By key, as the file would write them. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ConfigEntry {
  readonly setting: Setting;
  /** As the file would write it; undefined: nothing is said. */
  readonly value: unknown;
  readonly origin: Origin;
}

export interface LayeredConfig {
  readonly config: Config;
  /** One for each key, in the order of the schema. */
  readonly entries: readonly ConfigEntry[];
  /** Sentences about what is odd and no mistake. */
  readonly remarks: readonly string[];
}

/** Reads all layers. Throws ConfigError at the first mistake. */
export function readConfig(sources: ConfigSources): LayeredConfig {
  const file = fileOf(sources);
  return layerConfig(file === undefined ? undefined : { file, ...readConfigFile(file) }, sources);
}

/** The same over a file that was read already. */
export function layerConfig(
  file: (ConfigFile & { file: string }) | undefined,
  { environment, options = {} }: ConfigSources,
): LayeredConfig {
  const [mistake] = file?.mistakes ?? [];
  if (mistake !== undefined) throw mistake;
  const entries = settings.map((setting): ConfigEntry => {
    const option = setting.option;
    if (option !== undefined && options[setting.key] !== undefined) {
      return checked({ setting, value: options[setting.key], origin: { from: 'option', option } }, option);
    }
    const text = environment[setting.variable];
    if (text !== undefined) {
      const origin = { from: 'environment', variable: setting.variable } as const;
      return checked({ setting, value: fromVariable(setting, text), origin }, setting.variable);
    }
    const written = file?.values.find((value) => value.setting === setting);
    if (written !== undefined) {
      return { setting, value: written.value, origin: { from: 'file', file: file!.file, line: written.line } };
    }
    return { setting, value: setting.initial?.(), origin: { from: 'default' } };
  });
  return { config: toConfig(configSchema.parse(nested(entries))), entries, remarks: remarksOn(environment) };
}

/** The file that is read: the one that is named, or the host's if there is one. */
export function fileOf({ file }: Pick<ConfigSources, 'file'>): string | undefined {
  if (file !== undefined) return file;
  return existsSync(defaultConfigFile) ? defaultConfigFile : undefined;
}

/** Keys whose values differ, by when a change takes effect. */
export function changes(before: LayeredConfig, after: LayeredConfig): Record<Setting['change'], string[]> {
  const changed = after.entries.filter(({ value }, index) => {
    return JSON.stringify(value) !== JSON.stringify(before.entries[index]!.value);
  });
  const of = (change: Setting['change']) =>
    changed.filter(({ setting }) => setting.change === change).map(({ setting }) => setting.key);
  return { reload: of('reload'), restart: of('restart') };
}

/** `new` for what a reload puts into force, `old` for what waits for a restart. */
export function withoutRestart(old: LayeredConfig, fresh: LayeredConfig): LayeredConfig {
  const entries = fresh.entries.map((entry, index) =>
    entry.setting.change === 'reload' ? entry : old.entries[index]!,
  );
  return { config: toConfig(configSchema.parse(nested(entries))), entries, remarks: fresh.remarks };
}

function checked(entry: ConfigEntry, name: string): ConfigEntry {
  const result = entry.setting.schema.safeParse(entry.value);
  if (!result.success) {
    throw new ConfigError('config-value', `${name}: ${mistakeText(entry.setting, result.error.issues[0]!)}`);
  }
  return entry;
}

/** A text where the key takes text; otherwise what the file would write. One element of a list may stand alone. */
function fromVariable({ schema, variable }: Setting, text: string): unknown {
  if (schema instanceof z.ZodArray && !text.startsWith('[')) return [text];
  const isText = !(schema instanceof z.ZodArray || schema instanceof z.ZodObject || schema instanceof z.ZodRecord);
  if (isText && !isPlain(schema)) return text;
  try {
    return parseYaml(text, { maxAliasCount: 0 });
  } catch {
    throw new ConfigError('config-value', `${variable}: "${text}" cannot be read; write it as in the file.`);
  }
}

function isPlain(schema: z.ZodType): boolean {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodNumber || inner instanceof z.ZodBoolean;
}

function nested(entries: readonly ConfigEntry[]): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const { setting, value } of entries) put(all, setting.path, value);
  return all;
}

function put(section: Record<string, unknown>, [name, ...below]: readonly string[], value: unknown): void {
  if (name === undefined) return;
  if (below.length === 0) {
    if (value !== undefined) section[name] = value;
    return;
  }
  const child = (section[name] ?? {}) as Record<string, unknown>;
  section[name] = child;
  put(child, below, value);
}

/** A variable with our beginning that sets nothing may be somebody else's, so it is no mistake; a near one is worth a word. */
function remarksOn(environment: ConfigSources['environment']): string[] {
  const known = settings.map(({ variable }) => variable);
  return Object.keys(environment)
    .filter((name) => name.startsWith('PORTCULLIS_') && !known.includes(name))
    .flatMap((name) => {
      const help = didYouMean(name, known);
      return help === undefined ? [] : [`The environment variable ${name} sets nothing: ${help}`];
    });
}
