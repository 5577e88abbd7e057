// What the demo tries. Every program is the harmless stand-in of test/vm/programs; none mines anything.

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} title for the table
 * @property {string} way one of the ways of test/vm/programs/attempt
 * @property {string} path below the demo's directory, unless it is absolute
 * @property {string[]} argv
 * @property {string} [env] NAME=value, apart by spaces
 * @property {'refused' | 'killed' | 'ran'} expected under the policy; without it everything runs
 * @property {string} [rule] of policies/cryptominer.policy: one that must be among those that hold
 */

const url = 'stratum+tcp://pool.example:3333';

/** @type {readonly Case[]} */
export const cases = [
  {
    id: 'name',
    title: "a program with a miner's name",
    way: 'plain',
    path: 'xmrig',
    argv: ['./xmrig'],
    expected: 'refused',
    rule: 'cryptominer_name',
  },
  {
    id: 'argv0',
    title: 'renamed, called by its old name',
    way: 'plain',
    path: 'worker',
    argv: ['xmrig'],
    expected: 'refused',
    rule: 'cryptominer_argv0',
  },
  {
    id: 'kernel-thread',
    title: 'disguised as a kernel thread',
    way: 'plain',
    path: 'worker',
    argv: ['[kworker/0:1]'],
    expected: 'refused',
    rule: 'cryptominer_kernel_thread_name',
  },
  {
    id: 'url',
    title: "a pool's URL",
    way: 'plain',
    path: 'worker',
    argv: ['worker', '-o', url],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'donate',
    title: '--donate-level=1',
    way: 'plain',
    path: 'worker',
    argv: ['worker', '--donate-level=1'],
    expected: 'refused',
    rule: 'cryptominer_options',
  },
  {
    id: 'environment',
    title: 'settings in the environment',
    way: 'plain',
    path: 'worker',
    argv: ['worker'],
    env: 'XMRIG_POOL=pool.example:3333',
    expected: 'refused',
    rule: 'cryptominer_environment',
  },
  {
    id: 'script',
    title: "a script with a miner's name",
    way: 'plain',
    path: 'kinsing',
    argv: ['./kinsing'],
    expected: 'refused',
    rule: 'cryptominer_name',
  },
  {
    id: 'interpreter-line',
    title: 'the URL in an interpreter line',
    way: 'plain',
    path: 'start',
    argv: ['./start'],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'memory',
    title: 'a program in memory, pool and account',
    way: 'memfd',
    path: 'worker',
    argv: ['worker', '-o', 'pool.example:3333', '-u', 'somebody'],
    expected: 'refused',
    rule: 'cryptominer_unusual_place',
  },
  {
    id: 'padded',
    title: 'the URL behind 2 MB of long arguments',
    way: 'padded-long',
    path: 'worker',
    argv: ['worker', '-o', url],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'padded-many',
    title: 'the URL behind 20,000 arguments',
    way: 'padded-many',
    path: 'worker',
    argv: ['worker', '-o', url],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'int80',
    title: 'the URL by the 32-bit system call',
    way: 'int80',
    path: 'worker',
    argv: ['worker', '-o', url],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'traced',
    title: 'the URL written by a tracer',
    way: 'traced',
    path: 'worker',
    argv: ['worker', '-o', url],
    expected: 'refused',
    rule: 'cryptominer_pool_url',
  },
  {
    id: 'harmless',
    title: 'control: an ordinary URL',
    way: 'plain',
    path: 'worker',
    argv: ['worker', '-o', 'https://example.org/'],
    expected: 'ran',
  },
  {
    id: 'harmless-padded',
    title: 'control: 2 MB of long arguments',
    way: 'padded-long',
    path: 'worker',
    argv: ['worker', '-o', 'https://example.org/'],
    expected: 'ran',
  },
  {
    id: 'grep',
    title: 'control: grep for pool URLs',
    way: 'plain',
    path: '/usr/bin/grep',
    argv: ['grep', 'stratum+tcp', '/etc/hostname'],
    expected: 'ran',
  },
];

/** Tries of each race (test/vm/programs/race). Every one of them must come to nothing or be harmless. */
export const RACE_TRIES = 200;

export const races = [
  { id: 'race-bytes', how: 'bytes', title: `a thread rewrites the URL during exec, ${RACE_TRIES} times` },
  { id: 'race-pointers', how: 'pointers', title: `a thread swaps the pointer to it, ${RACE_TRIES} times` },
];

/**
 * The file that attempt.c reads.
 * @param {string} directory the demo's own
 */
export function planOf(directory) {
  const lines = cases.map(({ id, way, path, env = '-', argv }) => {
    const full = path.startsWith('/') ? path : `${directory}/${path}`;
    return [id, way, full, env, ...argv].join('\t');
  });
  return `${lines.join('\n')}\n`;
}
