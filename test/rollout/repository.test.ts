import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/rollout/keys/keyring.js';
import { Repository } from '../../src/rollout/repository/repository.js';
import { renewRoot, rotateKey, signDraft } from '../../src/rollout/repository/roots.js';
import { cheap, policyText, TestRepository } from './publisher-support.js';

let made: TestRepository;
afterEach(() => made.remove());

const metadata = () => readdirSync(join(made.path, 'metadata')).sort();
const readJson = (name: string) => JSON.parse(readFileSync(join(made.path, 'metadata', name), 'utf8'));

describe('a new repository', () => {
  it('has each role signed, in consistent snapshots, and nothing else', async () => {
    made = await TestRepository.create();
    expect(metadata()).toEqual(['1.root.json', '1.snapshot.json', '1.targets.json', 'timestamp.json']);
    expect(readdirSync(made.path)).toEqual(['metadata']);
    const repository = await made.open();
    expect(repository.versions).toEqual({ root: 1, targets: 1, snapshot: 1, timestamp: 1 });
    expect(repository.root.signed.consistentSnapshot).toBe(true);
    const days = (role: 'root' | 'timestamp') => Math.round((repository.expires[role]! - made.now) / 86_400_000);
    expect([days('root'), days('timestamp')]).toEqual([365, 7]);
  });

  it('has key files that only their owner reads and only the passphrase opens', async () => {
    made = await TestRepository.create({ rootKeys: 2, rootThreshold: 2 });
    expect(readdirSync(made.keys).sort()).toEqual([
      'root-1.key',
      'root-2.key',
      'snapshot.key',
      'targets.key',
      'timestamp.key',
    ]);
    for (const name of readdirSync(made.keys)) expect(statSync(join(made.keys, name)).mode & 0o777).toBe(0o600);
    const { keyid } = made.keyring.keys[0]!;
    const wrong = await Keyring.read([made.keys], async () => 'Secret');
    await expect(wrong.signer(keyid)).rejects.toThrow(/passphrase does not open/);
    const right = await Keyring.read([made.keys], async () => 'secret');
    expect((await right.signer(keyid)).keyid).toBe(keyid);
  });

  it('refuses a key file that was altered', async () => {
    made = await TestRepository.create();
    const path = join(made.keys, 'targets.key');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    const other = JSON.parse(readFileSync(join(made.keys, 'snapshot.key'), 'utf8'));
    writeFileSync(path, JSON.stringify({ ...file, cipher: other.cipher, scrypt: other.scrypt }));
    const keyring = await Keyring.read([made.keys], async () => 'secret');
    await expect(keyring.signer(file.keyid)).rejects.toThrow(/passphrase does not open/);
    writeFileSync(path, JSON.stringify({ ...file, public: other.public }));
    await expect(Keyring.read([made.keys], async () => 'secret')).rejects.toThrow(/altered/);
  });

  it('is not made over an old one', async () => {
    made = await TestRepository.create();
    const before = readJson('1.root.json');
    const { initRepository } = await import('../../src/rollout/repository/roots.js');
    const options = {
      keys: join(made.base, 'other'),
      keyring: made.keyring,
      rootKeys: 1,
      rootThreshold: 1,
      now: 0,
      cost: cheap,
    };
    await expect(initRepository(made.path, options)).rejects.toMatchObject({ code: 'repository' });
    expect(readJson('1.root.json')).toEqual(before);
  });
});

describe('publishing', () => {
  it('never alters what was written, except the timestamp', async () => {
    made = await TestRepository.create();
    const before = Object.fromEntries(
      metadata().map((name) => [name, readFileSync(join(made.path, 'metadata', name), 'utf8')]),
    );
    await made.release('miners', policyText('xmrig'));
    for (const name of Object.keys(before).filter((name) => name !== 'timestamp.json')) {
      expect(readFileSync(join(made.path, 'metadata', name), 'utf8')).toBe(before[name]);
    }
    expect(readJson('timestamp.json').signed.version).toBe(2);
    const [release] = (await made.open()).releases;
    expect(readdirSync(join(made.path, 'targets'))).toEqual([`${release!.sha256}.miners-1.policy`]);
  });

  it('leaves the timestamp for later when its key is elsewhere, and hosts see nothing until then', async () => {
    made = await TestRepository.create();
    const before = readJson('timestamp.json');
    mkdirSync(join(made.base, 'online'));
    renameSync(join(made.keys, 'timestamp.key'), join(made.base, 'online', 'timestamp.key'));
    const offline = await Keyring.read([made.keys], async () => 'secret');
    const repository = await made.open();
    expect(await repository.publish([], new Map(), { keyring: offline, now: made.now })).toEqual({
      signed: ['targets', 'snapshot'],
      left: ['timestamp'],
    });
    expect(readJson('timestamp.json')).toEqual(before);
    const online = await Keyring.read([join(made.base, 'online')], async () => 'secret');
    expect(await (await made.open()).resign({ keyring: online, now: made.now })).toEqual({
      signed: ['timestamp'],
      left: [],
    });
    expect(readJson('timestamp.json').signed.meta['snapshot.json'].version).toBe(2);
  });

  it('refuses what was decided on an older version', async () => {
    made = await TestRepository.create();
    const stale = await made.open();
    await made.release('miners', policyText('xmrig'));
    await expect(stale.publish([], new Map(), { keyring: made.keyring, now: made.now })).rejects.toMatchObject({
      code: 'locked',
    });
    expect((await made.open()).releases).toHaveLength(1);
  });

  it('reads nothing whose signature does not hold', async () => {
    made = await TestRepository.create();
    const path = join(made.path, 'metadata', '1.snapshot.json');
    const snapshot = readJson('1.snapshot.json');
    snapshot.signed.expires = '2099-01-01T00:00:00Z';
    writeFileSync(path, JSON.stringify(snapshot));
    await expect(Repository.open(made.path)).rejects.toThrow(/signatures of snapshot version 1 do not hold/);
  });
});

describe('the root', () => {
  it('replaces a key, and everything that the old one signed is signed anew', async () => {
    made = await TestRepository.create();
    await made.release('miners', policyText('xmrig'));
    const old = (await made.open()).root.signed.roles.targets!.keyIDs;
    const change = await rotateKey(await made.open(), 'targets', {
      keys: made.keys,
      keyring: made.keyring,
      now: made.now,
      cost: cheap,
    });
    expect(change).toEqual({ outcome: 'published', version: 2 });
    const repository = await made.open();
    expect(repository.root.signed.roles.targets!.keyIDs).not.toEqual(old);
    expect(repository.root.signed.keys[old[0]!]).toBeUndefined();
    expect(readJson('3.targets.json').signatures).toHaveLength(1);
    expect(readJson('3.targets.json').signatures[0].keyid).toBe(repository.root.signed.roles.targets!.keyIDs[0]);
    expect(repository.releases).toHaveLength(1);
  });

  it('is a draft until enough people have signed', async () => {
    made = await TestRepository.create({ rootKeys: 2, rootThreshold: 2 });
    mkdirSync(join(made.base, 'safe'));
    renameSync(join(made.keys, 'root-2.key'), join(made.base, 'safe', 'root-2.key'));
    const one = await Keyring.read([made.keys], async () => 'secret');
    const options = { keys: made.keys, now: made.now };
    expect(await renewRoot(await made.open(), { ...options, keyring: one })).toMatchObject({ outcome: 'draft' });
    expect(metadata()).not.toContain('2.root.json');
    const both = await Keyring.read([made.keys, join(made.base, 'safe')], async () => 'secret');
    expect(await signDraft(await made.open(), { ...options, keyring: both })).toEqual({
      outcome: 'published',
      version: 2,
    });
    expect(metadata()).toContain('2.root.json');
    expect(readdirSync(made.keys)).not.toContain('draft.root.json');
  });

  it('is not published where what it replaces cannot be signed anew', async () => {
    made = await TestRepository.create();
    mkdirSync(join(made.base, 'elsewhere'));
    renameSync(join(made.keys, 'snapshot.key'), join(made.base, 'elsewhere', 'snapshot.key'));
    const some = await Keyring.read([made.keys], async () => 'secret');
    const options = { keys: made.keys, now: made.now, cost: cheap };
    const change = await rotateKey(await made.open(), 'targets', { ...options, keyring: some });
    expect(change).toMatchObject({ outcome: 'draft', missing: 'the keys of snapshot must be at hand too' });
    expect(metadata()).not.toContain('2.root.json');
    const all = await Keyring.read([made.keys, join(made.base, 'elsewhere')], async () => 'secret');
    expect(await signDraft(await made.open(), { ...options, keyring: all })).toMatchObject({ outcome: 'published' });
  });

  it('replaces one of several root keys with the signatures of old and new', async () => {
    made = await TestRepository.create({ rootKeys: 3, rootThreshold: 2 });
    const repository = await made.open();
    const replaced = repository.root.signed.roles.root!.keyIDs[0]!;
    const options = { keys: made.keys, keyring: made.keyring, now: made.now, cost: cheap };
    await expect(rotateKey(repository, 'root', options)).rejects.toThrow(/Say which/);
    expect(await rotateKey(repository, 'root', { ...options, replaced })).toMatchObject({ outcome: 'published' });
    const now = await made.open();
    expect(now.root.signed.roles.root!.keyIDs).toHaveLength(3);
    expect(now.root.signed.roles.root!.keyIDs).not.toContain(replaced);
  });
});
