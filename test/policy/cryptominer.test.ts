import { beforeAll, expect, test } from 'vitest';
import { loadPolicies, type Rule, readPolicyFiles } from '../../src/policy/index.js';
import { evaluate, eventFromFlat } from '../../src/secl/index.js';

let rules: readonly Rule[];

beforeAll(async () => {
  rules = loadPolicies(await readPolicyFiles(['policies/cryptominer.policy'])).rules;
});

/** An exec as a shell would start it: `path` with arguments, in an environment of these names. */
function hits(path: string, args: string, extra: Readonly<Record<string, unknown>> = {}): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const event = eventFromFlat({
    'exec.file.path': path,
    'exec.file.name': name,
    'exec.argv0': path,
    'exec.argv': args === '' ? [] : args.split(' '),
    ...extra,
  });
  const matching = rules.filter(({ expression }) => evaluate(expression, event, { now: 0n }) === true);
  return matching.map(({ id }) => id.replace(/^cryptominer_/, ''));
}

const address = `4${'9'}${'AbCdEfGhJk'.repeat(9)}Abc`;

test.each<[string, string, string, string[]]>([
  ['its name', '/usr/local/bin/xmrig', '', ['name', 'argv0']],
  ['a name with a suffix', '/opt/xmrig-6.21', '', ['name']],
  ['the malware that brings it', '/tmp/kdevtmpfsi', '', ['name', 'argv0']],
  ['the pool after its option', '/opt/x', '-o stratum+tcp://pool.example:3333', ['pool_url']],
  ['the pool in one word', '/opt/x', '--url=stratum2+ssl://pool.example:443', ['pool_url']],
  ['a known pool without a scheme', '/opt/x', '-o xmr-eu1.nanopool.org:14433', ['pool_host']],
  ['a long option and its value', '/opt/x', '--donate-level 1', ['options']],
  ['a long option with =', '/opt/x', '--donate-level=1', ['options']],
  ['huge pages', '/opt/x', '--randomx-1gb-pages', ['options']],
  ['an algorithm', '/opt/x', '-a rx/0', ['algorithm']],
  ['an algorithm with =', '/opt/x', '--algo=cn/r', ['algorithm']],
  ['a coin with pool and account', '/opt/x', '--coin monero -o 10.0.0.1:3333 -u me', ['coin_and_pool']],
  ['an address', '/opt/x', `-u ${address}.rig`, ['monero_address']],
  ['an address after =', '/opt/x', `--user=${address}`, ['monero_address']],
  ['a renamed miner in /dev/shm', '/dev/shm/.cache/update', '-o 10.0.0.1:443 -u x -p x', ['unusual_place']],
  ['a miner in memory', '/memfd:x (deleted)', '--url=10.0.0.1:443 --user=x', ['unusual_place']],
  ['a hidden directory', '/home/user/.x/update', '-o 10.0.0.1:443 -u x', ['unusual_place']],
  ['a hidden file', '/opt/.update', '-o 10.0.0.1:443 -u x', ['unusual_place']],
  ['a service in a temporary place', '/var/tmp/systemd-logind', '', ['service_name']],
  ['the loader', '/usr/lib64/ld-linux-x86-64.so.2', '/tmp/xmrig', ['through_loader']],
  ['a grep that is not the installed one', '/tmp/grep', '-o stratum+tcp://x', ['pool_url']],
])('%s', (_, path, args, expected) => {
  expect(hits(path, args)).toEqual(expected);
});

test('what argv[0] says', () => {
  expect(hits('/opt/x', '', { 'exec.argv0': 'xmrig' })).toEqual(['argv0']);
  expect(hits('/opt/x', '', { 'exec.argv0': '[kworker/0:1]' })).toEqual(['kernel_thread_name']);
});

test('what the environment says, where a distribution installs nothing', () => {
  const environment = (...envs: string[]) => ({ 'exec.envs': ['PATH', 'HOME', ...envs] });
  expect(hits('/opt/x', '', environment('XMRIG_URL'))).toEqual(['environment']);
  expect(hits('/opt/x', '', environment('POOL_URL', 'POOL_USER', 'POOL_PASS'))).toEqual(['environment']);
  expect(hits('/opt/x', '', environment('WALLET_ADDRESS', 'POOL_URL'))).toEqual(['environment']);
  expect(hits('/usr/bin/env', '', environment('XMRIG_URL'))).toEqual([]);
  expect(hits('/opt/app', '', environment('POOL_URL'))).toEqual([]);
  expect(hits('/opt/app', '', environment('WALLET_ADDRESS'))).toEqual([]);
});

test.each([
  ['/usr/bin/grep', '-r stratum+tcp /var/log'],
  ['/usr/bin/rg', 'supportxmr.com:443'],
  ['/usr/bin/curl', '-o page.html -u name:secret https://supportxmr.com/'],
  ['/usr/bin/ssh', '-p 3333 -o StrictHostKeyChecking=no host'],
  ['/usr/bin/mysql', '-u root -p'],
  ['/usr/bin/tar', '-a -cf x.tar .'],
  ['/tmp/go-build1/exe/main', '-config app.json'],
  ['/tmp/build/curl', '-o page.html'],
  ['/home/user/.cargo/bin/cargo', 'build -p portcullis'],
  ['/usr/sbin/nginx', ''],
  ['/usr/lib/systemd/systemd-logind', ''],
  ['/usr/bin/sha256sum', `-c ${'0123456789abcdef'.repeat(8)}`],
  ['/usr/bin/[', '-f x ]'],
  ['/opt/wallet', '--coin btc'],
])('%s %s is left alone', (path, args) => {
  expect(hits(path, args)).toEqual([]);
});
