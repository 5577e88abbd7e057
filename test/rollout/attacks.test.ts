/**
 * Attacks on the way between publisher and host, each by a real server. Whatever it does, what the host enforces does not
 * change, and the reason is told and counted.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renewRoot, rotateKey } from '../../src/rollout/repository/roots.js';
import { forge, metadataFile, metaOf, stolen, strangersKey } from './forger.js';
import { TestHost } from './host.js';
import { cheap, policyText, TestRepository } from './publisher-support.js';
import { FileServer } from './server.js';

let repository: TestRepository;
let server: FileServer;
let host: TestHost;
const good = 'miners.policy: good';

/** A host that enforces a good policy, and a newer release that it does not know of yet. */
async function begin(options: Parameters<typeof TestRepository.create>[0] = {}) {
  repository = await TestRepository.create(options);
  server = await FileServer.start(repository.path);
  await repository.release('miners', policyText('good'));
  host = await TestHost.of(server.url, repository.path);
  await host.step();
  expect(host.enforced).toBe(good);
  host.notices = [];
}

beforeEach(() => begin());
afterEach(end);

async function end() {
  await host.remove();
  await server.stop();
  repository.remove();
}

/** Serves these bytes in place of files. */
function serveInstead(files: Record<string, Buffer>) {
  server.attacker = (path, response) => {
    const bytes = files[path];
    if (bytes === undefined) return 'pass';
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    return 'answered';
  };
}

/** The poll fails for this reason, which is told and counted; what is enforced stays, now and after a restart. */
async function expectRefused(code: string, notice = 'rollout-untrusted') {
  host.notices = [];
  const before = host.follower.status.problems[code] ?? 0;
  expect(await host.step()).toBe('failed');
  const { problems, problem } = host.follower.status;
  expect(problem?.code).toBe(code);
  expect(problems[code]).toBe(before + 1);
  expect(host.notices.map(({ code, fields }) => [code, fields.reason])).toContainEqual([notice, code]);
  expect(host.enforced).toBe(good);
  await host.start();
  expect(host.enforced).toBe(good);
}

/** Without the attacker the newer release is in force after one poll. */
async function expectRecovery(policy = 'better') {
  server.attacker = () => 'pass';
  expect(await host.step()).toBe('updated');
  expect(host.enforced).toBe(`miners.policy: ${policy}`);
}

const newer = () => repository.release('miners', policyText('better'));
const json = (bytes: Buffer) => JSON.parse(bytes.toString());
const timestamp = () => metadataFile(repository, 'timestamp.json');

describe('old metadata', () => {
  it('rollback: an older timestamp is refused', async () => {
    const old = timestamp();
    await repository.release('miners', policyText('good', 'again'));
    await host.step();
    serveInstead({ 'metadata/timestamp.json': old });
    await expectRefused('rollback');
    await newer();
    await expectRecovery();
  });

  it('freeze: a timestamp that is held back is told when it ends, and again', async () => {
    const old = timestamp();
    await newer();
    serveInstead({ 'metadata/timestamp.json': old });
    expect(await host.step()).toBe('unchanged');
    expect(host.notices).toEqual([]);
    host.later = 7 * 86_400_000 + 1_000;
    await host.step();
    expect(host.notices.map(({ code, level }) => [level, code])).toEqual([['error', 'rollout-expired']]);
    expect(host.follower.status.expired?.role).toBe('timestamp');
    expect(host.enforced).toBe(good);
    await expectRecovery();
  });

  it('expired: a newer timestamp whose end has passed is refused', async () => {
    repository.now = Date.now() - 8 * 86_400_000;
    await newer();
    await expectRefused('expired');
    repository.now = Date.now();
    await (await repository.open()).resign({ keyring: repository.keyring, now: repository.now });
    await expectRecovery();
  });

  it('replayed old root: only the next version is taken for a new root', async () => {
    const options = { keys: repository.keys, keyring: repository.keyring, now: repository.now, cost: cheap };
    await renewRoot(await repository.open(), options);
    await host.step();
    expect(host.follower.status.versions?.root).toBe(2);
    await newer();
    serveInstead({ 'metadata/3.root.json': metadataFile(repository, '1.root.json') });
    await expectRefused('rollback');
    expect(host.follower.status.versions?.root).toBe(2);
    await expectRecovery();
  });

  it('a root that is held back leaves the keys it replaces of no use', async () => {
    const options = { keys: repository.keys, keyring: repository.keyring, now: repository.now, cost: cheap };
    await rotateKey(await repository.open(), 'timestamp', options);
    await newer();
    server.attacker = (path, response) => {
      if (!path.endsWith('2.root.json')) return 'pass';
      response.writeHead(404).end();
      return 'answered';
    };
    await expectRefused('signatures');
    await expectRecovery();
  });
});

describe('metadata that does not belong together', () => {
  it('mix-and-match: an old snapshot under a new timestamp is refused', async () => {
    await newer();
    const { version } = json(timestamp()).signed.meta['snapshot.json'];
    serveInstead({ [`metadata/${version}.snapshot.json`]: metadataFile(repository, `${version - 1}.snapshot.json`) });
    await expectRefused('mismatch');
    await expectRecovery();
  });

  it('mix-and-match: old targets under a new snapshot are refused', async () => {
    await newer();
    serveInstead({ 'metadata/3.targets.json': metadataFile(repository, '2.targets.json') });
    await expectRefused('mismatch');
    await expectRecovery();
  });

  it('swapped targets: a policy under the name of another is refused', async () => {
    await repository.release('miners', policyText('good'), { to: 'added' });
    await repository.change((releases) => releases.filter(({ state }) => state !== 'added'));
    await repository.release('miners', policyText('evil'));
    const evil = (await repository.open()).releases.find(({ state }) => state === 'live')!;
    const evilBytes = server.file(`targets/${evil.sha256}.miners-${evil.release}.policy`);
    await repository.release('miners', policyText('better'));
    const live = (await repository.open()).releases.find(({ state }) => state === 'live')!;
    const name = `targets/${live.sha256}.miners-${live.release}.policy`;
    serveInstead({ [name]: Buffer.concat([evilBytes, Buffer.alloc(live.length - evilBytes.length, '\n')]) });
    await expectRefused('mismatch');
    await expectRecovery();
  });
});

describe('signatures', () => {
  it('wrong key: what a stranger signed is refused, for each role', async () => {
    await newer();
    const altered = (signed: Record<string, unknown>) => {
      signed.version = 99;
    };
    serveInstead({ 'metadata/timestamp.json': forge(timestamp(), 'timestamp', altered, [strangersKey]) });
    await expectRefused('signatures');
    serveInstead({
      'metadata/2.root.json': forge(metadataFile(repository, '1.root.json'), 'root', (signed) => (signed.version = 2), [
        strangersKey,
      ]),
    });
    await expectRefused('signatures');
    await expectRecovery();
  });

  it('too few signatures: a root with one of two is refused', async () => {
    await end();
    await begin({ rootKeys: 2, rootThreshold: 2 });
    await newer();
    const [one] = await stolen(repository, 'root');
    const takenOver = forge(
      metadataFile(repository, '1.root.json'),
      'root',
      (signed) => {
        signed.version = 2;
        Object.assign((signed.roles as Record<string, object>).root!, { threshold: 1 });
      },
      [one!],
    );
    serveInstead({ 'metadata/2.root.json': takenOver });
    await expectRefused('signatures');
    const twice = json(takenOver);
    twice.signatures.push(twice.signatures[0]);
    serveInstead({ 'metadata/2.root.json': Buffer.from(JSON.stringify(twice)) });
    await expectRefused('signatures');
    await expectRecovery();
  });

  it('compromised timestamp key: it brings no policy, and nothing older', async () => {
    const before = metadataFile(repository, '2.snapshot.json');
    await repository.release('miners', policyText('good', 'again'));
    await host.step();
    const keys = await stolen(repository, 'timestamp');
    const pointingAt = (version: number, meta: object) =>
      forge(
        timestamp(),
        'timestamp',
        (signed) => Object.assign(signed, { version, meta: { 'snapshot.json': meta } }),
        keys,
      );
    const ownSnapshot = forge(before, 'snapshot', (signed) => (signed.version = 50), keys);
    serveInstead({
      'metadata/timestamp.json': pointingAt(50, metaOf(50, ownSnapshot)),
      'metadata/50.snapshot.json': ownSnapshot,
    });
    await expectRefused('signatures');
    serveInstead({ 'metadata/timestamp.json': pointingAt(51, metaOf(2, before)) });
    await expectRefused('rollback');
  });

  it('compromised timestamp key: a version past all others ends with the key', async () => {
    const keys = await stolen(repository, 'timestamp');
    serveInstead({
      'metadata/timestamp.json': forge(timestamp(), 'timestamp', (signed) => (signed.version = 2 ** 31), keys),
    });
    expect(await host.step()).toBe('updated');
    expect(host.enforced).toBe(good);
    await newer();
    server.attacker = () => 'pass';
    await expectRefused('rollback');
    const options = { keys: repository.keys, keyring: repository.keyring, now: repository.now, cost: cheap };
    await rotateKey(await repository.open(), 'timestamp', options);
    await expectRecovery();
  });

  it('another repository is not followed, whatever it signs', async () => {
    const other = await TestRepository.create();
    await other.release('miners', policyText('evil'));
    server.root = other.path;
    await expectRefused('signatures');
    other.remove();
    server.root = repository.path;
    await newer();
    await expectRecovery();
  });
});

describe('a server that misbehaves', () => {
  it('endless data: it is read up to the limit', async () => {
    await newer();
    let sent = 0;
    server.attacker = (path, response) => {
      if (path !== 'metadata/timestamp.json') return 'pass';
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(4_096, ' '))) sent += 4_096;
      };
      response.on('drain', more);
      more();
      return 'answered';
    };
    await expectRefused('oversized', 'rollout-poll-failed');
    expect(host.source.received).toBeLessThan(100_000);
    await expectRecovery();
    expect(sent).toBeLessThan(50_000_000);
  });

  it('oversized: a length past the limit is not begun', async () => {
    await newer();
    server.attacker = (path, response) => {
      if (!path.startsWith('targets/')) return 'pass';
      response.writeHead(200, { 'content-length': 1e12 }).write('x');
      return 'answered';
    };
    await expectRefused('oversized', 'rollout-poll-failed');
    await expectRecovery();
  });

  it('oversized: a policy that goes on after its signed length is refused', async () => {
    await newer();
    const { sha256, release } = (await repository.open()).releases.find(({ state }) => state === 'live')!;
    const name = `targets/${sha256}.miners-${release}.policy`;
    serveInstead({ [name]: Buffer.concat([server.file(name), Buffer.from('\n# more')]) });
    await expectRefused('oversized', 'rollout-poll-failed');
    await expectRecovery();
  });

  it('slow-loris: an answer that comes byte by byte ends at its time', async () => {
    await newer();
    const timers: NodeJS.Timeout[] = [];
    server.attacker = (path, response) => {
      if (path !== 'metadata/timestamp.json') return 'pass';
      response.writeHead(200, { 'content-length': 10_000 });
      timers.push(setInterval(() => response.write(' '), 50));
      return 'answered';
    };
    const begun = Date.now();
    await expectRefused('timeout', 'rollout-poll-failed');
    expect(Date.now() - begun).toBeLessThan(10_000);
    for (const timer of timers) clearInterval(timer);
    await expectRecovery();
  });

  it('slow-loris: headers that never come end at their time', async () => {
    await newer();
    server.attacker = (path) => (path === 'metadata/timestamp.json' ? 'answered' : 'pass');
    await expectRefused('timeout', 'rollout-poll-failed');
    await expectRecovery();
  });

  it('truncated: an answer that ends early is refused', async () => {
    await newer();
    server.attacker = (path, response) => {
      if (path !== 'metadata/timestamp.json') return 'pass';
      response.writeHead(200, { 'content-length': timestamp().length });
      response.write(timestamp().subarray(0, 100));
      setImmediate(() => response.destroy());
      return 'answered';
    };
    await expectRefused('truncated', 'rollout-poll-failed');
    serveInstead({ 'metadata/timestamp.json': timestamp().subarray(0, 100) });
    await expectRefused('malformed');
    await expectRecovery();
  });

  it('redirect to elsewhere: it is not followed', async () => {
    await newer();
    let visits = 0;
    const elsewhere = createServer((_, response) => {
      visits++;
      response.end(timestamp());
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    for (const status of [301, 302, 303, 307, 308]) {
      server.attacker = (path, response) => {
        response.writeHead(status, { location: `http://127.0.0.1:${port}/${path}` }).end();
        return 'answered';
      };
      await expectRefused('redirect', 'rollout-poll-failed');
    }
    expect(visits).toBe(0);
    elsewhere.close();
    await expectRecovery();
  });

  it('304 to a question without a condition is refused', async () => {
    await newer();
    server.attacker = (path, response) => {
      if (!path.endsWith('snapshot.json')) return 'pass';
      response.writeHead(304).end();
      return 'answered';
    };
    await expectRefused('http-status', 'rollout-poll-failed');
    await expectRecovery();
  });
});

describe('names of targets', () => {
  it.each([
    '../../../../tmp/rollout-attack.policy',
    '/etc/rollout-attack.policy',
    'miners-9.policy/../../x',
    'MINERS-1.policy',
  ])('path traversal: %s is refused, even signed', async (name) => {
    const keys = {
      targets: await stolen(repository, 'targets'),
      snapshot: await stolen(repository, 'snapshot'),
      timestamp: await stolen(repository, 'timestamp'),
    };
    const targets = forge(
      metadataFile(repository, '2.targets.json'),
      'targets',
      (signed) => {
        const [target] = Object.values(signed.targets as Record<string, object>);
        Object.assign(signed, { version: 3, targets: { [name]: target } });
      },
      keys.targets,
    );
    const snapshot = forge(
      metadataFile(repository, '2.snapshot.json'),
      'snapshot',
      (signed) => Object.assign(signed, { version: 3, meta: { 'targets.json': metaOf(3, targets) } }),
      keys.snapshot,
    );
    const next = forge(
      timestamp(),
      'timestamp',
      (signed) => Object.assign(signed, { version: 9, meta: { 'snapshot.json': metaOf(3, snapshot) } }),
      keys.timestamp,
    );
    serveInstead({
      'metadata/timestamp.json': next,
      'metadata/3.snapshot.json': snapshot,
      'metadata/3.targets.json': targets,
    });
    const files = () => readdirSync(host.directory, { recursive: true }).sort();
    const before = files();
    await expectRefused('bad-target-name');
    expect(files()).toEqual(before);
    expect(existsSync('/tmp/rollout-attack.policy') || existsSync('/etc/rollout-attack.policy')).toBe(false);
    expect(existsSync(join(host.directory, 'x'))).toBe(false);
  });
});
