import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/rollout/keys/keyring.js';
import { initRepository } from '../../src/rollout/repository/roots.js';
import { run } from './support.js';

const base = mkdtempSync(join(tmpdir(), 'rollout-cli-'));
const [repository, keys, secret] = [join(base, 'repository'), join(base, 'keys'), join(base, 'secret')];
const keyOptions = ['--keys', keys, '--passphrase-file', secret];
const rollout = (...args: string[]) => run(['rollout', ...args]);
const policy = (name: string, program: string) => {
  const file = join(base, `${name}.policy`);
  writeFileSync(
    file,
    `mode: enforce\nrules:\n  - id: ${name}\n    expression: exec.file.name == "${program}"\n    actions: [{deny: {}}]\n`,
  );
  return file;
};

beforeAll(async () => {
  writeFileSync(secret, 'a long passphrase\n');
  const keyring = await Keyring.read([keys], async () => 'a long passphrase');
  const cheap = { keys, keyring, rootKeys: 1, rootThreshold: 1, now: Date.now(), cost: 2 };
  await initRepository(repository, cheap);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const timestamp = () => JSON.parse(readFileSync(join(repository, 'metadata', 'timestamp.json'), 'utf8')).signed.version;

describe('rollout', () => {
  it('makes a repository and its keys', async () => {
    const other = join(base, 'other');
    const made = await rollout(
      'init',
      other,
      '--keys',
      join(base, 'other-keys'),
      '--passphrase-file',
      secret,
      '--days',
      'timestamp=14',
    );
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('1.root.json as the root they trust');
    expect((await rollout('status', other)).stdout).toMatch(/timestamp +1 .*\(13 days left\)/);
  }, 60_000);

  it('brings a policy from a file to all hosts, and says before each step what changes', async () => {
    const added = await rollout(
      'add',
      repository,
      policy('miners', 'xmrig'),
      '--stage',
      '10:1h',
      '--stage',
      '100:10m',
      '--yes',
      ...keyOptions,
    );
    expect(added).toMatchObject({ status: 0, stderr: '' });
    expect(added.stdout).toContain('is new: refused before exec');
    expect(added.stdout).toContain(
      'miners 1 for all hosts, in stages of 10 % (3600 s on trial), 100 % (600 s on trial).',
    );
    expect(added.stdout).toContain('Signed: targets, snapshot, timestamp.');
    expect((await rollout('stage', repository, 'miners', '--yes', ...keyOptions)).stdout).toContain('stage 1 of 2');
    const soon = await rollout('promote', repository, 'miners', '--yes', ...keyOptions);
    expect(soon).toMatchObject({ status: 1, stderr: expect.stringMatching(/on trial on hosts of this stage until/) });
    expect((await rollout('promote', repository, 'miners', '--yes', '--early', ...keyOptions)).stdout).toContain(
      'stage 2 of 2',
    );
    expect((await rollout('promote', repository, 'miners', '--yes', '--early', ...keyOptions)).stdout).toContain(
      'live on all of them',
    );
    const status = JSON.parse((await rollout('status', repository, '--json')).stdout);
    expect(status.versions).toEqual({ root: 1, targets: 5, snapshot: 5, timestamp: 5 });
    expect(status.releases).toMatchObject([{ policy: 'miners', release: 1, state: 'live' }]);
  }, 60_000);

  it('asks, and signs nothing without a yes', async () => {
    const before = timestamp();
    const file = policy('miners', 'other');
    const declined = await run(['rollout', 'add', repository, file, ...keyOptions], 'n\n');
    expect(declined).toMatchObject({ status: 1 });
    expect(declined.stdout).toContain('exec.file.name: new "other"');
    expect(declined.stdout).toContain('Nothing was signed.');
    expect(await run(['rollout', 'add', repository, file, ...keyOptions], '')).toMatchObject({ status: 1 });
    expect(timestamp()).toBe(before);
    expect(await run(['rollout', 'add', repository, file, ...keyOptions], 'yes\n')).toMatchObject({ status: 0 });
    expect(timestamp()).toBe(before + 1);
    await rollout('stage', repository, 'miners', '--yes', ...keyOptions);
    const paused = await rollout('pause', repository, 'miners', '--yes', ...keyOptions);
    expect(paused.stdout).toContain('paused; who enforces it keeps it');
    const back = await rollout('rollback', repository, 'miners', '--yes', ...keyOptions);
    expect(back.stdout).toContain('miners 3 for all hosts: live on all of them.');
    expect(back.stdout).toContain('the same is enforced');
  }, 60_000);

  it('refuses a policy that does not check, and one that conflicts', async () => {
    const before = timestamp();
    const bad = join(base, 'bad.policy');
    writeFileSync(bad, 'rules:\n  - id: x\n    expression: exec.file.nmae == "a"\n');
    const refused = await rollout('add', repository, bad, '--yes', ...keyOptions);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/bad\.policy:3:\d+: .*exec\.file\.nmae/);
    const twin = join(base, 'twin.policy');
    writeFileSync(twin, readFileSync(policy('miners', 'yet-another')));
    const conflict = await rollout('add', repository, twin, '--yes', ...keyOptions);
    expect(conflict).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/A host can have miners 3, twin 1 together/),
    });
    expect(timestamp()).toBe(before);
  }, 60_000);

  it('needs the passphrase', async () => {
    writeFileSync(join(base, 'wrong'), 'guess\n');
    const wrong = await rollout('resign', repository, '--keys', keys, '--passphrase-file', join(base, 'wrong'));
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('does not open') });
    expect(await rollout('resign', repository, '--keys', keys)).toMatchObject({ status: 2 });
  }, 60_000);

  it('lists keys and replaces one', async () => {
    const listed = await rollout('keys', repository, ...keyOptions);
    expect(listed.stdout.match(/1 of 1/g)).toHaveLength(4);
    const rotated = await rollout('keys', repository, '--rotate', 'timestamp', ...keyOptions);
    expect(rotated.stdout).toContain('Root version 2 is published');
    expect((await rollout('keys', repository, ...keyOptions)).stdout).toContain('timestamp-v2.key');
  }, 60_000);

  it('reads the progress of a fleet from a Prometheus', async () => {
    const rows = [
      { metric: { policy: 'miners', release: '3', rollout_stage: '0', state: 'active' }, value: [0, '95'] },
      { metric: { policy: 'miners', release: '3', rollout_stage: '1', state: 'active' }, value: [0, '3'] },
      { metric: { policy: 'miners', release: '3', rollout_stage: '0', state: 'refused' }, value: [0, '2'] },
    ];
    let asked = '';
    const server = createServer((request, response) => {
      asked = new URL(request.url!, 'http://x').searchParams.get('query')!;
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: rows } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const status = await rollout('status', repository, '--prometheus', url);
    server.close();
    expect(asked).toBe('sum by (policy, release, rollout_stage, state) (portcullis_rollout_target)');
    expect(status.stdout).toMatch(/miners +3 +live .* 98 active, 2 refused/);
    expect(status.status).toBe(0);
  });

  it('tells a wrong use apart', async () => {
    expect(await rollout('add', repository, policy('x', 'x'), '--stage', '10', ...keyOptions)).toMatchObject({
      status: 2,
    });
    expect(await rollout('status', join(base, 'nowhere'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('`rollout init` makes one'),
    });
    expect(await rollout('promote', repository, 'other', '--yes', ...keyOptions)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('there are: miners'),
    });
  });
});
