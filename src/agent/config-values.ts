/** Values of the configuration that are more than a word: what is written, read into what the agent works with. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { SecretPattern } from '../events/scrub/patterns.js';
import { parseDuration } from '../policy/duration.js';
import { isLabelWord } from '../rollout/labels/selector.js';
import { limits as rolloutLimits } from '../rollout/limits.js';
import type { ListenAddress } from '../telemetry/server.js';
import type { LogDestination } from '../telemetry/sink.js';
import { limits } from './limits.js';

/** Where the control socket is, or that there is none. */
export type ControlPlace = { at: 'path'; path: string } | { at: 'nowhere' };

/** A Unix socket's address has 108 bytes, the NUL at its end included: unix(7). */
const socketPathBytes = 107;

/** A name in a file system has so many, a path 4,096 with its NUL, of which 255 are for where cgroup2 is mounted: limits.h. */
const cgroupNameBytes = 255;
const cgroupPathBytes = 3_840;

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

/** `off` or an absolute path. Throws RangeError with a sentence. */
export function parseControlPlace(text: string): ControlPlace {
  if (text === 'off') return { at: 'nowhere' };
  if (!text.startsWith('/'))
    throw new RangeError(`"${text}" is no place for a socket; write an absolute path, or off.`);
  if (Buffer.byteLength(text) > socketPathBytes) {
    throw new RangeError(
      `A socket's path has at most ${socketPathBytes} bytes; this one has ${Buffer.byteLength(text)}.`,
    );
  }
  return { at: 'path', path: text };
}

/** Where the journal is, or that there is none. */
export type JournalPlace = { at: 'path'; path: string } | { at: 'nowhere' };

/** `off` or an absolute path. Throws RangeError with a sentence. */
export function parseJournalPlace(text: string): JournalPlace {
  if (text === 'off') return { at: 'nowhere' };
  if (text.startsWith('/')) return { at: 'path', path: text };
  throw new RangeError(`"${text}" is no directory; write an absolute path, or off.`);
}

/** Throws RangeError with a sentence. */
export function parsePinPlace(text: string): JournalPlace {
  if (text === 'off') return { at: 'nowhere' };
  // the BPF file system takes no dots in names
  if (text.startsWith('/') && !text.includes('.')) return { at: 'path', path: text };
  throw new RangeError(`"${text}" is no directory for pins; write an absolute path without dots, or off.`);
}

/** `256M`, `2G` or a number of bytes -> bytes. Throws RangeError with a sentence. */
export function parseJournalSize(text: string): number {
  const [, number, unit] = /^(\d{1,12})([KMG]?)$/.exec(text) ?? [];
  const factors: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
  const bytes = Number(number) * (factors[unit ?? ''] ?? 1);
  const least = limits.journalLeast.value;
  if (!(bytes >= least))
    throw new RangeError(`"${text}" is no size of at least ${least} bytes; write one like 256M or 2G.`);
  return bytes;
}

/** `off` gives the empty path: everywhere. Throws RangeError with a sentence. */
export function parseCanary(text: string): string {
  if (text === 'off') return '';
  const names = text.split('/').slice(1);
  const plain = names.every((name) => name !== '' && name !== '.' && name !== '..');
  if (!text.startsWith('/') || !plain)
    throw new RangeError(`"${text}" is no path of a cgroup; write one like /canary, or off.`);
  if (text.includes('\0')) throw new RangeError('The path of a cgroup has no NUL in it; this one has.');
  const longest = Math.max(...names.map((name) => Buffer.byteLength(name)));
  if (longest > cgroupNameBytes)
    throw new RangeError(`The names in a cgroup's path have at most ${cgroupNameBytes} bytes, and one has ${longest}.`);
  const bytes = Buffer.byteLength(text);
  if (bytes > cgroupPathBytes)
    throw new RangeError(`A cgroup's path has at most ${cgroupPathBytes} bytes; this one has ${bytes}.`);
  return text;
}

/** `60s`, `5m` -> milliseconds, at least one second. Throws RangeError with a sentence. */
export function parseInterval(text: string): number {
  const milliseconds = Number((parseDuration(text) ?? -1n) / 1_000_000n);
  if (milliseconds >= rolloutLimits.shortestPoll.value) return milliseconds;
  throw new RangeError(`"${text}" is no time of at least a second; write one like 60s or 5m.`);
}

/** An address of http or https, without query. Throws RangeError with a sentence. */
export function parseRepositoryUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return text;
  throw new RangeError(`"${text}" is no address of a repository; write one like https://policies.example/repository.`);
}

/** Checks a label's name or value, and leaves it as it is. Throws RangeError with a sentence. */
export function parseLabel(text: string): string {
  if (isLabelWord(text)) return text;
  throw new RangeError(`"${text}" cannot be in a label: letters, digits, _ . / : @ - and no blanks.`);
}

/** Checks a pattern of secrets, and leaves it as it is. Throws RangeError with a sentence. */
export function parseScrubPattern(source: string): string {
  new SecretPattern(source);
  return source;
}

/** A parser that throws RangeError, as zod wants it. */
export function viaText<Result>(parse: (text: string) => Result): (text: string, context: z.RefinementCtx) => Result {
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
