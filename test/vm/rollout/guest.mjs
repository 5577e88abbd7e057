// Runs in the guest: a repository, a web server, and the agent that follows it. One JSON line for each finding.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const dist = '/usr/lib/portcullis/dist';
const { addRelease, promoteRelease, rollbackRelease, stageRelease } = await import(`${dist}/rollout/changes.js`);
const { Keyring } = await import(`${dist}/rollout/keys/keyring.js`);
const { Repository, sha256 } = await import(`${dist}/rollout/repository/repository.js`);
const { initRepository } = await import(`${dist}/rollout/repository/roots.js`);

const work = '/tmp/rollout';
const repository = `${work}/repository`;
const say = (finding, what) => console.log(JSON.stringify({ finding, ...what }));
const now = () => Date.now();

mkdirSync(work);
const keyring = await Keyring.read([`${work}/keys`], async () => 'secret');
await initRepository(repository, { keys: `${work}/keys`, keyring, rootKeys: 1, rootThreshold: 1, now: now(), cost: 2 });

/** Publishes a policy that refuses programs of these names, to all hosts. */
async function release(names, bake) {
  const list = names.map((name) => `"${name}"`).join(', ');
  const bytes = Buffer.from(
    `mode: enforce\nrules:\n  - id: names\n    expression: exec.file.name in [${list}]\n    actions: [{deny: {}}]\n`,
  );
  const fresh = {
    policy: 'names',
    hosts: '',
    stages: [{ percent: 100, bake }],
    limit: 0,
    sha256: sha256(bytes),
    length: bytes.length,
  };
  await change(
    (releases) => {
      const staged = stageRelease(addRelease(releases, fresh, now()), 'names', now());
      return promoteRelease(staged, 'names', { now: now(), early: 'allow' });
    },
    new Map([[fresh.sha256, bytes]]),
  );
}

async function change(make, files = new Map()) {
  const opened = await Repository.open(repository);
  await opened.publish(make(opened.releases), files, { keyring, now: now() });
}

async function serve() {
  const port = 8080;
  if (existsSync('/share/nginx')) {
    mkdirSync(`${work}/nginx`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${work}/nginx/${name};`,
    );
    writeFileSync(
      `${work}/nginx.conf`,
      `daemon off; master_process off; user root; error_log stderr crit; pid ${work}/nginx.pid; events {}\n` +
        `http { access_log ${work}/access.log; ${paths.join(' ')} server { listen 127.0.0.1:${port}; root ${repository}; } }\n`,
    );
    spawn('/share/nginx', ['-p', work, '-c', `${work}/nginx.conf`], { stdio: 'inherit' });
    say('server', { server: 'nginx' });
  } else {
    const answer = (request, response) => {
      try {
        response.end(readFileSync(repository + request.url));
      } catch {
        response.writeHead(404).end();
      }
    };
    await new Promise((resolve) => createServer(answer).listen(port, '127.0.0.1', resolve));
    say('server', { server: 'node' });
  }
  return `http://127.0.0.1:${port}`;
}

/** What becomes of an exec of a program of this name. */
function execute(name) {
  const path = `${work}/${name}`;
  if (!existsSync(path)) spawnSync('cp', ['/usr/lib/portcullis/programs/stand-in', path]);
  const { error, signal, status } = spawnSync(path, [], { stdio: 'ignore' });
  if (error) return error.code === 'EPERM' ? 'refused' : error.code;
  return signal ?? (status === null ? 'failed' : 'ran');
}

const shell = () => {
  const { status, error, stdout } = spawnSync('/bin/sh', ['-c', 'echo shells work'], { encoding: 'utf8' });
  return error?.code ?? (status === 0 ? stdout.trim() : `status ${status}`);
};

const log = () =>
  readFileSync(`${work}/log`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** The line with this code after the first `seen` of them; gives up after two minutes. */
async function line(code, seen = 0) {
  for (const until = now() + 120_000; now() < until; await sleep(50)) {
    const found = log().filter(({ msg }) => msg === code)[seen];
    if (found !== undefined) return found;
  }
  throw new Error(`no ${code}: ${JSON.stringify(log().slice(-10))}`);
}

const url = await serve();
await release(['first'], 1);
writeFileSync(`${work}/own.policy`, 'rules:\n  - id: own\n    expression: exec.file.name == "own"\n');
writeFileSync(
  `${work}/portcullis.yaml`,
  JSON.stringify({
    policies: [`${work}/own.policy`],
    log: { destination: `${work}/log` },
    control: { socket: 'off' },
    rollout: {
      url,
      root: `${repository}/metadata/1.root.json`,
      directory: `${work}/store`,
      interval: '2s',
      host: 'guest',
    },
  }),
);
writeFileSync(`${work}/log`, '');
say('before', { first: execute('first'), shell: shell() });
const agent = spawn('portcullis', ['run', '--config', `${work}/portcullis.yaml`], {
  stdio: ['ignore', 'inherit', 'inherit'],
});

const { hash } = await line('rollout-active');
const { tier, cannot, refused: weaker } = log().find(({ msg }) => msg === 'tier');
say('tier', { tier, cannot, refused: weaker });
say('good', { first: execute('first'), second: execute('second'), shell: shell(), hash });

// Interval and bake time, and what a busy machine takes.
const publishedAt = now();
await release(['second'], 1);
await line('rollout-active', 1);
say('next', { first: execute('first'), second: execute('second'), seconds: (now() - publishedAt) / 1000 });

await release(['sh', 'busybox', 'dash', 'bash'], 3600);
await line('rollout-shadow', 2);
const during = Array.from({ length: 5 }, shell);
const refusal = await line('rollout-refused');
await sleep(3_000);
const { established, names, reason } = refusal;
say('bad', { during, after: shell(), second: execute('second'), established, names, reason });

await change((releases) => rollbackRelease(releases, 'names', { to: 1, now: now() }));
const back = await line('rollout-active', 2);
say('rollback', {
  first: execute('first'),
  second: execute('second'),
  version: back.version,
  hash: back.hash,
  same: back.hash === hash,
});

agent.kill('SIGTERM');
const [status] = await new Promise((resolve) => agent.once('exit', (...how) => resolve(how)));
const codes = log().map(({ msg }) => msg);
const shadows = log()
  .filter(({ portcullis }) => portcullis?.shadow)
  .map(({ portcullis, file }) => `${portcullis.verdict} ${file.name}`);
say('end', { status, codes: [...new Set(codes)], shadows: [...new Set(shadows)] });
process.exit(0);
