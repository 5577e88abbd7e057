/** The tricks of the catalogue, by the ids of its entries: what is executed, and how. */
const bin = '/tmp/vm/bin';
export const worker = `${bin}/worker`;
const miner = `${bin}/xmrig-stand-in`;
export const named = 'stratum+tcp://pool.example:3333';
export const harmless = 'https://pool.example:3333';

/** A rule of the policy. */
export type RuleId = 'pool_url' | 'name' | 'place' | 'memory';

export interface Execution {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env?: string;
}

/** A program that is executed once, in one of the ways of programs/attempt. */
export interface Attempted {
  readonly kind: 'attempt';
  readonly id: string;
  /** With its parameter behind a colon. */
  readonly way: string;
  readonly rule: RuleId;
  /** What of the program must not happen: that it starts, or that it starts with the arguments that are named. */
  readonly counted: 'started' | 'marked';
  readonly named: Execution;
  /** The same way with nothing that a rule names. */
  readonly control: Execution;
}

/** A program that is executed many times while its arguments change (programs/race). */
export interface Raced {
  readonly kind: 'race';
  readonly id: string;
  readonly how: string;
}

/** As Attempted; its process is there before the agent, and the exec ends when the agent is. */
export interface Late extends Omit<Attempted, 'kind'> {
  readonly kind: 'late';
}

/** What guest.sh does by itself. */
export interface Staged {
  readonly kind: 'staged';
  readonly id: string;
}

export type Trick = Attempted | Raced | Late | Staged;

type Options = Partial<Pick<Attempted, 'rule' | 'counted' | 'named' | 'control'>>;

/** With the pool's URL as the last argument, and with another. */
function attempt(id: string, way: string, options: Options = {}): Attempted {
  return {
    ...{ kind: 'attempt', id, way, rule: 'pool_url', counted: 'marked' },
    ...{ named: run(worker, '-o', named), control: run(worker, '-o', harmless) },
    ...options,
  };
}

function run(path: string, ...argv: readonly string[]): Execution {
  return { path, argv: ['worker', ...argv] };
}

function race(how: string, id: string): Raced {
  return { kind: 'race', id, how };
}

function late(id: string, way: string, options: Options = {}): Late {
  return { ...attempt(id, way, options), kind: 'late' };
}

/** With the same arguments, where these are executed by path. */
function paths(id: string, path: string): Attempted {
  return attempt(id, 'plain', { named: run(path, '-o', named), control: run(path, '-o', harmless) });
}

/** With other arguments than an option and a URL. */
function words(id: string, of: (url: string) => readonly string[], options: Options = {}): Attempted {
  return attempt(id, 'plain', { named: run(worker, ...of(named)), control: run(worker, ...of(harmless)), ...options });
}

/** A trick of tricks.sh. */
function shell(id: string, trick: string, ...rest: readonly string[]): Attempted {
  const of = (which: string): Execution => ({
    path: '/bin/sh',
    argv: ['sh', '/share/tricks.sh', trick, which, ...rest],
  });
  return attempt(id, 'plain', { named: of('named'), control: of('harmless') });
}

/** A program whose file a rule names; its arguments are nobody's business. */
function file(id: string, way: string, rule: RuleId, path: string, control = worker): Attempted {
  return attempt(id, way, { rule, counted: 'started', named: run(path), control: run(control) });
}

const changed: readonly Trick[] = [
  race('bytes', 'bytes-by-thread'),
  race('pointers', 'pointers-by-thread'),
  race('clone', 'bytes-by-clone'),
  race('shared', 'bytes-by-shared-mapping'),
  race('file', 'bytes-by-file'),
  race('mapping', 'mapping-replaced'),
  race('writer', 'bytes-by-process-vm-writev'),
  attempt('ptrace-argument', 'traced'),
  attempt('ptrace-register', 'traced-register'),
  attempt('ptrace-system-call', 'traced-call'),
  attempt('ptrace-exec-stop', 'stopped-at-exec'),
  attempt('ptrace-after-exec', 'rewritten-after-exec'),
  attempt('seccomp-notification', 'supervised'),
];

const memory: readonly Trick[] = [
  attempt('page-end', 'page-end'),
  attempt('array-page-end', 'array-page-end'),
  attempt('two-pages', 'two-pages'),
  attempt('not-resident', 'not-resident'),
  attempt('array-not-resident', 'array-not-resident'),
  attempt('page-withdrawn', 'vanishing'),
  attempt('paged-out', 'paged-out'),
  attempt('userfaultfd', 'userfault'),
  attempt('userfaultfd-withdrawn', 'userfault-withdrawn'),
  attempt('environment-alias', 'environment-alias'),
  attempt('overlapping-arguments', 'overlapping'),
  attempt('old-stack', 'old-stack'),
];

const lists: readonly Trick[] = [
  attempt('padded-by-length', 'padded-long'),
  attempt('padded-by-count', 'padded-many'),
  attempt('padded-to-the-limit', 'padded-most'),
  attempt('empty-strings', 'empty-strings:100000'),
  attempt('longest-argument', 'longest'),
  attempt('long-environment', 'long-environment'),
  attempt('stack-limit-low', 'stack:131072'),
  attempt('stack-limit-none', 'stack'),
  attempt('piece-boundary', 'boundaries:4096'),
  attempt('second-piece-boundary', 'boundaries:8192'),
  file('empty-list', 'no-arguments', 'name', miner),
  file('no-list', 'null-arguments', 'name', miner),
  attempt('argv0-forged', 'plain', {
    named: { path: worker, argv: ['[kworker/0:1]', '-o', named] },
    control: { path: worker, argv: ['[kworker/0:1]', '-o', harmless] },
  }),
  words('white-space', (url) => [`\\n\\t ${url}\\n`]),
  words('not-utf-8', (url) => ['\\xff\\xfe', `\\x80\\xc0${url}\\xff`]),
  words('escape-sequences', (url) => [`\\x1b[2K\\x0d${url}`]),
  words('option-with-equals', (url) => [`--url=${url}`]),
  words('option-apart', (url) => ['--url', url]),
  words('option-glued', (url) => [`-o${url}`, '--', '-']),
  words('upper-case', (url) => [url.toUpperCase()], { counted: 'started' }),
  words('split-over-arguments', (url) => ['-o', url.slice(0, 7), url.slice(7)], { counted: 'started' }),
];

const calls: readonly Trick[] = [
  attempt('execveat-descriptor', 'descriptor'),
  attempt('execveat-directory', 'directory'),
  attempt('int80-execve', 'int80'),
  attempt('int80-execveat', 'int80-at'),
  attempt('x32', 'x32'),
  attempt('number-high-bits', 'high-number'),
  attempt('personality', 'personality'),
  attempt('vfork', 'vfork'),
  attempt('thread', 'thread'),
  attempt('two-threads', 'two-threads'),
  attempt('clone-vm', 'sharing-memory'),
  attempt('clone-vfork', 'vfork-clone'),
  attempt('namespace-init', 'namespace-init'),
  attempt('signals-ignored', 'deaf'),
  attempt('signal-limits', 'without-signals'),
  attempt('stopped-and-continued', 'stopped-and-continued'),
  attempt('real-time', 'real-time'),
  attempt('idle-priority', 'idle'),
  attempt('cpu-quota', 'throttled:/sys/fs/cgroup/slow'),
  attempt('unprivileged', 'unprivileged'),
];

const files: readonly Trick[] = [
  attempt('memfd', 'memfd'),
  file('memfd-by-name', 'memfd', 'memory', miner),
  attempt('memfd-sealed', 'sealed-memfd'),
  attempt('deleted-file', 'deleted'),
  attempt('deleted-by-proc-fd', 'deleted-by-proc'),
  attempt('nameless-file', 'nameless'),
  attempt('unmounted-file', 'unmounted'),
  attempt('proc-exe', 'proc-exe'),
  attempt('proc-root', 'proc-root'),
  file('proc-root-by-path', 'plain', 'place', '/proc/self/root/tmp/vm/denied/worker', `/proc/self/root${worker}`),
  file('path-roundabout', 'plain', 'place', `${bin}/../denied/./worker`, `${bin}/../bin/./worker`),
  file('symlink', 'plain', 'place', `${bin}/link-to-denied`, `${bin}/link-to-worker`),
  file('hard-link', 'plain', 'place', `${bin}/hard-link-of-denied`),
  file('renamed', 'plain', 'name', `${bin}/renamed-miner`),
  file('copied', 'plain', 'place', `${bin}/copy-of-denied`),
  file('bind-mount', 'plain', 'place', '/tmp/vm/bound/worker'),
  shell('bind-over', 'bind-over'),
  shell('overlay-copy-up', 'overlay'),
  file('chroot-by-path', 'chroot:/tmp/vm', 'place', '/denied/worker', '/bin/worker'),
  file('own-root-by-name', 'new-root:/tmp/vm', 'name', '/bin/xmrig-stand-in', '/bin/worker'),
  file('own-root-by-path', 'new-root:/tmp/vm', 'place', '/denied/worker', '/bin/worker'),
  attempt('user-namespace', 'user-namespace'),
];

const env = (url: string) => `#!/usr/bin/env -S ${worker} -o ${url}`;

/** Files with an interpreter line, by name. */
export const scripts: Readonly<Record<string, string>> = {
  script: `#!${worker}`,
  nested: `#!${bin}/script`,
  'deeply-nested': `#!${bin}/nested`,
  'line-named': `#!${worker} -o${named}`,
  'line-harmless': `#!${worker} -o${harmless}`,
  'env-named': env(named),
  'env-harmless': env(harmless),
  // The kernel reads 256 bytes, which this one fills to the last.
  'longest-line-named': `#!${worker} `.padEnd(255 - named.length, 'x') + named,
  'longest-line-harmless': `#!${worker} `.padEnd(255 - harmless.length, 'x') + harmless,
};

function lines(id: string, name: string): Attempted {
  return attempt(id, 'plain', { named: run(`${bin}/${name}-named`), control: run(`${bin}/${name}-harmless`) });
}

const interpreters: readonly Trick[] = [
  paths('script', `${bin}/script`),
  paths('nested-scripts', `${bin}/deeply-nested`),
  lines('interpreter-line', 'line'),
  lines('longest-interpreter-line', 'longest-line'),
  lines('env-split', 'env'),
  attempt('script-by-descriptor', 'open-descriptor', {
    named: run(`${bin}/line-named`),
    control: run(`${bin}/line-harmless`),
  }),
  attempt('crowd', 'crowd', {
    named: run(`${bin}/line-named`),
    control: run(`${bin}/line-harmless`),
  }),
  attempt('crowd-of-long-lists', 'crowd:20'),
  shell('shell-expansion', 'shell'),
  shell('xargs', 'xargs'),
  shell('binfmt-misc', 'binfmt', ''),
  shell('binfmt-misc-credentials', 'binfmt', 'POCF'),
  paths('32-bit-program', `${bin}/worker-32`),
  attempt('loader-by-hand', 'plain', {
    named: run('/lib64/ld-linux-x86-64.so.2', `${bin}/worker-dynamic`, named),
    control: run('/lib64/ld-linux-x86-64.so.2', `${bin}/worker-dynamic`, harmless),
  }),
  attempt('loader-by-hand-by-name', 'plain', {
    ...{ rule: 'name', counted: 'started' },
    named: run('/lib64/ld-linux-x86-64.so.2', `${bin}/dynamic/xmrig-stand-in`),
    control: run('/lib64/ld-linux-x86-64.so.2', `${bin}/worker-dynamic`),
  }),
  attempt('environment', 'plain', {
    counted: 'started',
    named: { ...run(worker), env: `POOL=${named}` },
    control: { ...run(worker), env: `POOL=${harmless}` },
  }),
];

const privileged: readonly Trick[] = [
  attempt('setuid-program', 'as-user', {
    named: run(`${bin}/worker-setuid`, named),
    control: run(`${bin}/worker-setuid`, harmless),
  }),
  attempt('core-pattern', 'core-pattern'),
  attempt('core-pattern-name', 'core-pattern-name', {
    named: run(worker, 'stratum+tcp:'),
    control: run(worker, 'https:'),
  }),
  attempt('modprobe-path', 'modprobe'),
  file('modprobe-path-by-path', 'modprobe', 'place', '/tmp/vm/denied/worker'),
  attempt('release-agent', 'release-agent'),
];

const timing: readonly Trick[] = [
  late('older-process', 'older:/tmp/vm/late'),
  late('parked-before-agent', 'parked-before:/tmp/vm/late'),
  late('parked-between-stages', 'parked-between:/tmp/vm/late'),
  late('parked-script-between-stages', 'parked-between:/tmp/vm/late', {
    named: run(`${bin}/line-named`),
    control: run(`${bin}/line-harmless`),
  }),
  { kind: 'staged', id: 'agent-stopped' },
  { kind: 'staged', id: 'ring-full' },
  { kind: 'staged', id: 'swap-storm' },
  { kind: 'staged', id: 'parked-while-detaching' },
];

export const tricks: readonly Trick[] = [
  ...changed,
  ...memory,
  ...lists,
  ...calls,
  ...files,
  ...interpreters,
  ...privileged,
  ...timing,
];
