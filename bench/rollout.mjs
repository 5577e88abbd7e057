// One web server and many hosts that follow a repository. Needs nginx.
//
// The hosts are not simulated on the wire: each poll is a connection of its own with a conditional request, as a host makes
// it, and an update fetches what an update fetches. Their clock is the schedule of the follower. What an outage of minutes
// does to a million hosts is computed with the same schedule, second by second.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addRelease, promoteRelease, stageRelease } from '../dist/rollout/changes.js';
import { failureDelay, nextDelay } from '../dist/rollout/follower/schedule.js';
import { Keyring } from '../dist/rollout/keys/keyring.js';
import { Repository, sha256 } from '../dist/rollout/repository/repository.js';
import { initRepository } from '../dist/rollout/repository/roots.js';
import { NeedsHelpError, which } from '../scripts/lib/process.mjs';

export const name = 'rollout';

/** How often a host polls, milliseconds. */
const interval = 60_000;
const MILLION = 1_000_000;

/** The repository and the server in front of it, of the run at hand. */
let base;
let directory;
let keyring;
let url;
/** What the clients would learn from the metadata. */
let current;

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  if (which('nginx') === undefined)
    throw new NeedsHelpError('section rollout needs nginx: apt-get install nginx-light');
  const seconds = effort === 'quick' ? 10 : 60;
  base = mkdtempSync(join(tmpdir(), 'rollout-bench-'));
  directory = join(base, 'repository');
  keyring = await Keyring.read([join(base, 'keys')], async () => 'bench');
  const keys = join(base, 'keys');
  await initRepository(directory, { keys, keyring, rootKeys: 1, rootThreshold: 1, now: Date.now(), cost: 2 });
  await publish('miners', 1);
  current = await facts();
  const nginx = await startNginx();
  url = nginx.url;
  const tables = [];
  try {
    const rate = await capacity(effort === 'quick' ? 2 : 5);
    const hosts = (share) => Math.floor((rate * share * interval) / 1000);
    tables.push({
      title: 'One poll after another, 64 at once',
      columns: ['polls a second'],
      rows: [[Math.round(rate)]],
    });
    // Clients on the same machine: half of what both together carry leaves the schedule intact, and an update is five requests.
    const rows = [
      await burst(hosts(0.5), { seconds, news: 'nothing' }),
      await burst(hosts(0.1), { seconds, news: 'a release' }),
    ];
    const columns = ['news', 'hosts', 'seconds', 'polls', 'requests', 'failed', 'bytes of a 304', 'bytes of an update'];
    tables.push({
      title: 'Hosts on their schedule',
      columns: [...columns, 'begun late, median, ms', '99th percentile, ms'],
      rows,
    });
  } finally {
    nginx.server.kill();
    rmSync(base, { recursive: true, force: true });
  }
  const columns = ['minutes', 'requests/s before, at most', 'at its end', 'after, at most', 'back within 15 min, %'];
  const rows = [1, 10, 60].map((minutes) => stampede(MILLION, minutes));
  tables.push({ title: 'An outage, computed for a million hosts', columns, rows });
  return { tables };
}

/** Publishes a policy of about 20 kB. */
async function publish(policy, number) {
  const rules = Array.from(
    { length: 100 },
    (_, at) =>
      `  - id: ${policy}_${number}_${at}\n    expression: exec.args in [~"*pool-${number}-${at}.example:3333*"]\n    actions: [{deny: {}}]\n`,
  );
  const bytes = Buffer.from(`mode: enforce\nrules:\n${rules.join('')}`);
  const repository = await Repository.open(directory);
  const now = Date.now();
  const fresh = {
    policy,
    hosts: '',
    stages: [{ percent: 100, bake: 0 }],
    limit: 3,
    sha256: sha256(bytes),
    length: bytes.length,
  };
  let releases = addRelease(repository.releases, fresh, now);
  releases = promoteRelease(stageRelease(releases, policy, now), policy, { now, early: 'allow' });
  await repository.publish(releases, new Map([[fresh.sha256, bytes]]), { keyring, now });
}

/** One poll of a host: what was asked, and the bytes that came over the wire. */
async function poll(host) {
  const answer = await get('metadata/timestamp.json', host.etag);
  if (answer.status !== 200) return { ...answer, requests: 1 };
  host.etag = answer.etag;
  const { root, snapshot, targets, target } = current;
  const files = [`metadata/${root + 1}.root.json`, `metadata/${snapshot}.snapshot.json`];
  let bytes = answer.bytes;
  for (const path of [...files, `metadata/${targets}.targets.json`, target]) bytes += (await get(path)).bytes;
  return { status: 200, bytes, requests: 5 };
}

function get(path, etag) {
  return new Promise((resolve) => {
    const call = request(
      `${url}/${path}`,
      { agent: false, headers: etag ? { 'if-none-match': etag } : {} },
      (response) => {
        const { socket } = response;
        response.resume();
        response.on('end', () =>
          resolve({ status: response.statusCode, etag: response.headers.etag, bytes: socket.bytesRead }),
        );
      },
    );
    call.on('error', () => resolve({ status: 0, bytes: 0 }));
    call.end();
  });
}

async function facts() {
  const { versions, releases } = await Repository.open(directory);
  const live = releases.find(({ state }) => state === 'live');
  return {
    root: versions.root,
    snapshot: versions.snapshot,
    targets: versions.targets,
    target: `targets/${live.sha256}.${live.policy}-${live.release}.policy`,
  };
}

async function capacity(time) {
  const host = {};
  await poll(host);
  const until = Date.now() + time * 1000;
  let polls = 0;
  const worker = async () => {
    while (Date.now() < until) {
      await get('metadata/timestamp.json', host.etag);
      polls++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return polls / time;
}

async function burst(count, { seconds, news }) {
  const tally = { polls: 0, unchanged: 0, updated: 0, failed: 0, requests: 0, bytes304: 0, bytes200: 0 };
  const late = [];
  const begun = Date.now();
  const hosts = Array.from({ length: count }, () => ({ due: begun + Math.random() * interval, etag: undefined }));
  const first = {};
  await poll(first);
  for (const host of hosts) host.etag = first.etag;
  const queue = hosts.sort((a, b) => a.due - b.due);
  const running = new Set();
  let publishedAt;
  for (const host of queue) {
    if (host.due > begun + seconds * 1000) break;
    if (news === 'a release' && publishedAt === undefined && host.due > begun + seconds * 500) {
      publishedAt = Date.now();
      await publish('miners', 2);
      current = await facts();
    }
    const wait = host.due - Date.now();
    if (wait > 0) await sleep(wait);
    late.push(Math.max(0, Date.now() - host.due));
    const work = poll(host).then(({ status, bytes, requests }) => {
      tally.polls++;
      tally.requests += requests;
      if (status === 304) {
        tally.unchanged++;
        tally.bytes304 += bytes;
      } else if (status === 200) {
        tally.updated++;
        tally.bytes200 += bytes;
      } else tally.failed++;
      running.delete(work);
    });
    running.add(work);
  }
  await Promise.all(running);
  late.sort((a, b) => a - b);
  const each = (bytes, count) => (count === 0 ? '-' : Math.round(bytes / count));
  return [
    news,
    count,
    seconds,
    tally.polls,
    tally.requests,
    tally.failed,
    each(tally.bytes304, tally.unchanged),
    each(tally.bytes200, tally.updated),
    Math.round(late[late.length >> 1]),
    Math.round(late[Math.floor(late.length * 0.99)]),
  ];
}

/** A million hosts over an outage: polls a second, before and after. */
function stampede(count, minutes) {
  const [outage, recovered, end] = [120, 120 + minutes * 60, 120 + minutes * 60 + 3600];
  const perSecond = new Uint32Array(end + 1);
  let found = 0;
  for (let host = 0; host < count; host++) {
    let time = Math.random() * interval;
    let failures = 0;
    let back = false;
    while (time / 1000 < end) {
      const second = Math.floor(time / 1000);
      perSecond[second]++;
      const fails = second >= outage && second < recovered;
      failures = fails ? failures + 1 : 0;
      if (second >= recovered && !back) {
        back = true;
        if (second < recovered + 900) found++;
      }
      time += fails ? failureDelay(interval, { failures }, Math.random) : nextDelay(interval, Math.random);
    }
  }
  const peak = (from, to) => Math.max(...perSecond.subarray(from, to));
  const during = perSecond.subarray(recovered - 30, recovered).reduce((sum, each) => sum + each, 0) / 30;
  return [minutes, peak(60, outage), Math.round(during), peak(recovered, end), (100 * found) / count];
}

async function startNginx() {
  const port = await freePort();
  for (const name of ['logs', 'temp']) mkdirSync(join(base, name));
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${base}/temp/${name};`,
  );
  const lines = [
    'daemon off; worker_processes 1; error_log stderr crit;',
    `pid ${base}/nginx.pid;`,
    'events { worker_connections 16384; }',
    `http { access_log off; ${temps.join(' ')} sendfile on; keepalive_timeout 5;`,
    `server { listen 127.0.0.1:${port} backlog=16384; root ${directory}; } }`,
  ];
  writeFileSync(join(base, 'nginx.conf'), lines.join('\n'));
  execFileSync('chmod', ['-R', 'a+rX', base]);
  const server = spawn('nginx', ['-p', base, '-c', join(base, 'nginx.conf'), '-g', 'user root;'], {
    stdio: 'inherit',
  });
  const at = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    const there = await fetch(`${at}/metadata/timestamp.json`).catch(() => undefined);
    if (there?.ok) return { url: at, server };
    await sleep(100);
  }
  server.kill();
  throw new Error('nginx does not answer');
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
