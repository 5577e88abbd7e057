/**
 * Every key of the configuration: what it takes, what it means, what holds without it and when a change takes effect. The
 * file, the environment, `config show` and docs/configuration.md are all made from this one object.
 */
import { z } from 'zod';
import type { TierName } from '../kernel/types.js';
import { syncPolicies } from '../telemetry/journal/index.js';
import { logLevels } from '../telemetry/log.js';
import {
  parseCanary,
  parseControlPlace,
  parseDestination,
  parseInterval,
  parseJournalPlace,
  parseJournalSize,
  parseLabel,
  parseListen,
  parsePinPlace,
  parseRepositoryUrl,
  parseScrubPattern,
  viaText,
} from './config-values.js';
import { limits } from './limits.js';
import { defaultPolicies } from './package.js';

export interface SettingFacts {
  /** What it means: text for the table of docs/configuration.md. */
  readonly about: string;
  /** What can be written, for the same table. */
  readonly takes: string;
  /** What holds when nobody says anything, as the file would write it; undefined: nothing. */
  initial?(): unknown;
  /** How that is told where it depends on the host, or where there is none. */
  readonly initialText?: string;
  /** `reload`: SIGHUP and `portcullis reload` put a change into force. `restart`: they only say that it waits. */
  readonly change: 'reload' | 'restart';
  /** Option of `portcullis run` that goes above file and environment. */
  readonly option?: string;
}

const described = z.registry<SettingFacts>();

function setting<Schema extends z.ZodType>(schema: Schema, facts: SettingFacts): Schema {
  described.add(schema, facts);
  return schema;
}

export const tierNames = ['lsm', 'fmod_ret', 'kprobe', 'tracepoint'] as const satisfies readonly TierName[];

/** `off`: nothing. `report`: they are judged, and events say so. `enforce`: what the rules say is done to them. */
export const sweepModes = ['off', 'report', 'enforce'] as const;

export const selfProtectionModes = ['auto', 'on', 'off'] as const;

const decision = ['report', 'enforce'] as const;
const expiryModes = ['keep', 'stop'] as const;
const oneOf = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(', ');

export const configSchema = z.strictObject({
  policies: setting(z.array(z.string().min(1)).min(1), {
    about: 'Policy files, and directories of `*.policy` files, in order.',
    takes: 'a list of paths',
    initial: () => [defaultPolicies()],
    initialText: '`/etc/portcullis/policies` if it exists, otherwise the shipped ones',
    change: 'reload',
    option: '--policies',
  }),
  listen: setting(z.union([z.string(), z.int()]).transform(String).transform(viaText(parseListen)), {
    about: 'Where metrics and health are served; port 0 picks a free one, which the log names.',
    takes: '`ADDRESS:PORT` or a port',
    initial: () => '127.0.0.1:9477',
    change: 'restart',
    option: '--listen',
  }),
  log: z.strictObject({
    level: setting(z.enum(logLevels), {
      about: 'Of lines about the agent. Events are always written.',
      takes: oneOf(logLevels),
      initial: () => 'info',
      change: 'reload',
    }),
    destination: setting(z.string().transform(viaText(parseDestination)), {
      about: 'Where the log goes. A file is made readable for its owner alone.',
      takes: '`stdout`, `stderr` or an absolute path',
      initial: () => 'stdout',
      change: 'restart',
    }),
  }),
  journal: z.strictObject({
    directory: setting(z.string().transform(viaText(parseJournalPlace)), {
      about:
        'Where events are kept on the way to the log, see [journal.md](journal.md); `off`: the log alone has them.',
      takes: 'an absolute path, or `off`',
      initial: () => 'off',
      change: 'restart',
    }),
    size: setting(z.union([z.string(), z.int()]).transform(String).transform(viaText(parseJournalSize)), {
      about: 'What the journal may take of the disk; past it the oldest events go.',
      takes: '`256M`, `2G` or a number of bytes',
      initial: () => '256M',
      change: 'restart',
    }),
    sync: setting(z.enum(syncPolicies), {
      about:
        'When an event survives a loss of power: before the kernel forgets it, within a second, or when the operating system writes it. A killed agent loses nothing in any case.',
      takes: oneOf(syncPolicies),
      initial: () => 'second',
      change: 'restart',
    }),
  }),
  control: z.strictObject({
    socket: setting(z.string().transform(viaText(parseControlPlace)), {
      about: 'The socket behind `portcullis status`, `events`, `off` and the like; `off`: there is none.',
      takes: 'an absolute path, or `off`',
      initial: () => '/run/portcullis/control.sock',
      change: 'restart',
    }),
  }),
  on_unknown: setting(z.enum(decision), {
    about: 'What an enforcing rule does at an exec when a fact it needs could not be read.',
    takes: oneOf(decision),
    initial: () => 'report',
    change: 'reload',
  }),
  on_unseen: setting(z.enum(decision), {
    about: 'What is done about an exec that the kernel was never asked about.',
    takes: oneOf(decision),
    initial: () => 'report',
    change: 'reload',
  }),
  sweep: setting(z.enum(sweepModes), {
    about: 'What is done about processes that run already when a policy comes into force.',
    takes: oneOf(sweepModes),
    initial: () => 'report',
    change: 'reload',
  }),
  protected: z.strictObject({
    files: setting(z.array(z.string().startsWith('/')), {
      about: 'Programs that are never acted on, see [safety.md](safety.md).',
      takes: 'a list of absolute paths',
      initial: () => [],
      change: 'reload',
    }),
    logins: setting(z.array(z.string().startsWith('/')), {
      about: 'Programs that give a login: never acted on, and neither are shells of `/etc/shells` that they start.',
      takes: 'a list of absolute paths',
      initial: () => [],
      change: 'reload',
    }),
    defaults: setting(z.boolean(), {
      about: 'Whether systemd, agetty, login, sshd, sudo, su, sulogin and this command line are among them.',
      takes: '`true`, `false`',
      initial: () => true,
      change: 'reload',
    }),
  }),
  breaker: z.strictObject({
    limit: setting(z.int().min(0).max(1_000_000), {
      about: 'Programs that ran before a rule, on which it may act before it is taken for a mistake; 0: any number.',
      takes: 'a number',
      initial: () => 10,
      change: 'reload',
    }),
  }),
  self_protection: setting(z.enum(selfProtectionModes), {
    about:
      'Whether others, root included, are kept from ending or tracing the agent and from its pins, see [safety.md](safety.md). `auto`: where process 1 started it as a service and some rule enforces.',
    takes: oneOf(selfProtectionModes),
    initial: () => 'auto',
    change: 'restart',
  }),
  pins: z.strictObject({
    directory: setting(z.string().transform(viaText(parsePinPlace)), {
      about:
        'A directory of a BPF file system, such as `/sys/fs/bpf/portcullis`, by which the kernel goes on deciding when the agent dies; `off`: programs end with the agent.',
      takes: 'an absolute path, or `off`',
      initial: () => 'off',
      change: 'restart',
    }),
    on_stop: setting(z.enum(['release', 'keep']), {
      about:
        'What an orderly stop does with pins: ends enforcement, or leaves the kernel deciding until the next agent.',
      takes: '`release`, `keep`',
      initial: () => 'release',
      change: 'restart',
    }),
  }),
  state: z.strictObject({
    directory: setting(z.string().transform(viaText(parseJournalPlace)), {
      about:
        'Where the image that was in force last is kept, to be in force at the next start before policies are read; `off`: nowhere.',
      takes: 'an absolute path, or `off`',
      initial: () => 'off',
      change: 'restart',
    }),
  }),
  canary: z.strictObject({
    cgroup: setting(z.string().transform(viaText(parseCanary)), {
      about: 'Rules act in this cgroup and below it, and nowhere else; `off`: everywhere.',
      takes: 'a path below the cgroup mount, such as `/canary`, or `off`',
      initial: () => 'off',
      change: 'reload',
    }),
  }),
  scrub: z.strictObject({
    patterns: setting(z.array(z.string().transform(viaText(parseScrubPattern))).max(limits.scrubPatterns.value), {
      about: 'Further patterns of secrets in arguments, in RE2 syntax, see [events.md](events.md).',
      takes: 'a list of patterns',
      initial: () => [],
      change: 'restart',
    }),
  }),
  rollout: z.strictObject({
    url: setting(z.string().transform(viaText(parseRepositoryUrl)).optional(), {
      about: 'Repository whose policies take the place of `policies`, see [rollout.md](rollout.md).',
      takes: 'an address of http or https',
      initialText: 'none',
      change: 'restart',
    }),
    root: setting(z.string().startsWith('/'), {
      about: 'The root metadata that this host trusts: `1.root.json` of the repository, brought here by hand.',
      takes: 'an absolute path',
      initial: () => '/etc/portcullis/root.json',
      change: 'restart',
    }),
    directory: setting(z.string().startsWith('/'), {
      about: 'Where verified metadata and the last policies are kept.',
      takes: 'an absolute path',
      initial: () => '/var/lib/portcullis/rollout',
      change: 'restart',
    }),
    interval: setting(z.string().transform(viaText(parseInterval)), {
      about: 'Time between two polls, a tenth more or less.',
      takes: 'a time such as `60s`',
      initial: () => '60s',
      change: 'restart',
    }),
    labels: setting(z.record(z.string().transform(viaText(parseLabel)), z.string().transform(viaText(parseLabel))), {
      about: 'What this host is, for the releases that are for some hosts only.',
      takes: 'names and values, such as `{env: prod, role: web}`',
      initial: () => ({}),
      change: 'restart',
    }),
    host: setting(z.string().min(1).optional(), {
      about: 'What tells this host from all others, for the share of the hosts that a stage reaches.',
      takes: 'a text',
      initialText: '`/etc/machine-id`',
      change: 'restart',
    }),
    limit: setting(z.int().min(0), {
      about: 'Executables established on this host on which a release may act, whatever it says of itself.',
      takes: 'a number',
      initial: () => 10,
      change: 'restart',
    }),
    expiry: setting(z.enum(expiryModes), {
      about: 'What happens to distributed policies when the signatures of the repository have ended.',
      takes: oneOf(expiryModes),
      initial: () => 'keep',
      change: 'restart',
    }),
    proxy: setting(z.string().transform(viaText(parseRepositoryUrl)).optional(), {
      about: 'Proxy on the way to the repository.',
      takes: 'an address of http or https',
      initialText: 'none',
      change: 'restart',
    }),
    ca: setting(z.string().startsWith('/').optional(), {
      about: 'Certificates in PEM that are trusted instead of those of the system, for repository and proxy.',
      takes: 'an absolute path',
      initialText: 'those of the system',
      change: 'restart',
    }),
  }),
  tier: setting(z.enum(tierNames).optional(), {
    about: 'Exactly this way into the kernel, or the agent does not start.',
    takes: oneOf(tierNames),
    initialText: 'the best there is',
    change: 'restart',
    option: '--tier',
  }),
});

/** One key. */
export interface Setting extends SettingFacts {
  /** With dots: `log.level`. */
  readonly key: string;
  readonly path: readonly string[];
  /** The environment variable that sets it. */
  readonly variable: string;
  readonly schema: z.ZodType;
}

/** All keys, in the order of the schema. */
export const settings: readonly Setting[] = settingsIn(configSchema, []);

/** What stands at a path: a key, a section of keys, or nothing. */
export type Place =
  | { is: 'setting'; setting: Setting }
  | { is: 'section'; names: readonly string[] }
  | { is: 'nothing' };

export function placeAt(path: readonly string[]): Place {
  const setting = settings.find(({ key }) => key === path.join('.'));
  if (setting !== undefined) return { is: 'setting', setting };
  const below = settings.filter((other) => path.every((name, depth) => other.path[depth] === name));
  const names = [...new Set(below.map((other) => other.path[path.length]!))];
  return names.length === 0 ? { is: 'nothing' } : { is: 'section', names };
}

function settingsIn(object: z.ZodObject, above: readonly string[]): Setting[] {
  return Object.entries(object.shape).flatMap(([name, child]) => {
    const path = [...above, name];
    const key = path.join('.');
    const facts = described.get(child as z.ZodType);
    if (facts !== undefined) {
      const variable = `PORTCULLIS_${path.join('_').toUpperCase()}`;
      return [{ ...facts, key, path, variable, schema: child as z.ZodType }];
    }
    if (child instanceof z.ZodObject) return settingsIn(child, path);
    throw new TypeError(`the configuration key ${key} is not described`);
  });
}
