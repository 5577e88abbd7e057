// Runs in the guest: what keeps rules from harm, each where it must act and where it must not. Nothing is started here but what the test
// is about, since a policy that denies everything would refuse that too. One JSON line for each finding.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const programs = '/usr/lib/portcullis/programs';
const work = '/tmp/safety';
const launcher = `${work}/portcullis`;
const log = `${work}/log`;
const say = (finding, what) => console.log(JSON.stringify({ finding, ...what }));

mkdirSync(`${work}/policies`, { recursive: true });
for (const [program, name] of [
  ['stand-in', 'spared'],
  ['stand-in', 'same-bytes'],
  ['stand-in', 'newer'],
  ['spawn', 'login'],
  ['spawn', 'no-login'],
]) {
  copyFileSync(`${programs}/${program}`, `${work}/${name}`);
}
linkSync(`${work}/spared`, `${work}/hard-link`);
writeFileSync(launcher, "#!/usr/bin/node\nawait import('/usr/lib/portcullis/dist/cli/main.js');\n");
chmodSync(launcher, 0o755);

function execute(path, ...args) {
  const { error, status, signal } = spawnSync(path, args, { stdio: 'ignore' });
  if (error) return error.code === 'EPERM' ? 'refused' : error.code;
  return signal ?? (status === 0 ? 'ran' : `status ${status}`);
}

async function until(what, holds) {
  for (let polls = 0; polls < 900; polls++) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`${what} did not happen: ${readFileSync(log, 'utf8')}`);
}

const lines = () =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const linesOf = (code) => lines().filter(({ msg }) => msg === code);

function policy(expression) {
  const text = `version: 1.0.0\nmode: enforce\nrules:\n  - id: bad\n    expression: ${expression}\n    actions: [{deny: {}}]\n`;
  writeFileSync(`${work}/policies/bad.policy`, text);
}

async function startAgent(config) {
  writeFileSync(
    `${work}/config.yaml`,
    JSON.stringify({ policies: [`${work}/policies`], log: { destination: log }, ...config }),
  );
  writeFileSync(log, '');
  const child = spawn(launcher, ['run', '--config', `${work}/config.yaml`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until('the start', () => child.exitCode !== null || linesOf('ready').length > 0);
  return child;
}

async function stopAgent(child) {
  child.kill('SIGTERM');
  const [status] = await once(child, 'exit');
  return status;
}

/** A shell that is started by `parent` and leaves a file. */
function shellOf(parent, name) {
  execute(parent, 'fork', '/bin/sh', '-c', `: > ${work}/${name}`);
  return existsSync(`${work}/${name}`) ? 'ran' : 'refused';
}

function ask(...verb) {
  const { error, status, stdout } = spawnSync(launcher, verb, { encoding: 'utf8' });
  return { status: error?.code ?? status, stdout };
}

async function denyEverything() {
  policy(`exec.file.path != ""`);
  const before = execute(`${work}/same-bytes`);
  const agent = await startAgent({
    protected: { files: [`${work}/spared`, `${work}/no-login`], logins: [`${work}/login`] },
    breaker: { limit: 0 },
  });
  say('everything is denied', { before, other: execute('/usr/bin/true'), self: execute('/usr/bin/node', '--version') });
  say('protected', {
    file: execute(`${work}/spared`),
    hardLink: execute(`${work}/hard-link`),
    sameBytes: execute(`${work}/same-bytes`),
  });
  say('shell', {
    byLogin: shellOf(`${work}/login`, 'by-login'),
    byOther: shellOf(`${work}/no-login`, 'by-other'),
    byRule: execute('/bin/sh', '-c', ':'),
  });
  renameSync(`${work}/newer`, `${work}/spared`);
  await until('the upgrade', () => execute(`${work}/spared`) === 'ran');
  say('upgrade', { new: execute(`${work}/spared`), old: execute(`${work}/hard-link`) });

  const off = ask('off').status;
  const whileOff = execute(`${work}/same-bytes`);
  const on = ask('on').status;
  say('off and on', { off, whileOff, on, afterwards: execute(`${work}/same-bytes`) });

  const monitor = ask('rule', 'bad', 'monitor').status;
  const inMonitor = execute(`${work}/same-bytes`);
  const enforce = ask('rule', 'bad', 'enforce').status;
  const { by, mode } = linesOf('rule-mode')[0];
  say('rule', { monitor, inMonitor, enforce, inEnforce: execute(`${work}/same-bytes`), by, mode });

  const status = await stopAgent(agent);
  say('terminated', { status, afterwards: execute(`${work}/same-bytes`) });
}

async function breaker() {
  policy('exec.file.name == "nothing-of-that-name"');
  const callers = [0, 1, 2, 3, 4].map((n) => {
    const path = `${work}/caller-${n}`;
    copyFileSync(`${programs}/spawn`, path);
    const child = spawn(path, ['wait', `${work}/gate-${n}`, 'fork', '/bin/sh', '-c', `: > ${work}/called-${n}`], {
      stdio: 'ignore',
    });
    return { n, over: once(child, 'exit') };
  });
  const agent = await startAgent({ protected: { defaults: false, files: [launcher] }, breaker: { limit: 2 } });
  const before = execute('/bin/sh', '-c', ':');
  policy('exec.file.name in ["sh", "dash", ~"new-*"]');
  agent.kill('SIGHUP');
  await until('the reload', () => linesOf('reload-done').length > 0);
  const outcomes = [];
  const newFiles = { refused: 0, ran: 0 };
  const tryNew = (n) => {
    copyFileSync(`${programs}/stand-in`, `${work}/new-${n}`);
    newFiles[execute(`${work}/new-${n}`)]++;
  };
  for (let n = 0; n < 25; n++) tryNew(n);
  const trippedByNewFiles = JSON.parse(ask('status', '--json').stdout).safety.tripped;
  for (const { n, over } of callers) {
    writeFileSync(`${work}/gate-${n}`, '');
    await over;
    outcomes.push(existsSync(`${work}/called-${n}`) ? 'ran' : 'refused');
  }
  for (let n = 25; n < 50; n++) tryNew(n);
  await until('the alarm', () => linesOf('breaker-tripped').length > 0);
  const [{ rule, level, limit, stopped }] = linesOf('breaker-tripped');
  const { tripped } = JSON.parse(ask('status', '--json').stdout).safety;
  say('breaker', {
    before,
    outcomes,
    newFiles,
    trippedByNewFiles,
    tripped,
    line: { rule, level, limit, stopped: stopped.length > 0 },
  });
  await stopAgent(agent);
}

async function canary() {
  policy('exec.file.name == "same-bytes"');
  const agent = await startAgent({ protected: { defaults: false }, canary: { cgroup: '/canary' } });
  const inside = (cgroup) =>
    execute('/bin/sh', '-c', `echo $$ > /sys/fs/cgroup${cgroup}/cgroup.procs && exec ${work}/same-bytes`);
  const missing = { outside: execute(`${work}/same-bytes`), level: linesOf('canary')[0].level };
  mkdirSync('/sys/fs/cgroup/canary/below', { recursive: true });
  mkdirSync('/sys/fs/cgroup/other');
  await until('the canary', () => linesOf('canary').length > 1);
  say('canary', {
    missing,
    outside: execute(`${work}/same-bytes`),
    other: inside('/other'),
    inside: inside('/canary'),
    below: inside('/canary/below'),
  });
  await stopAgent(agent);
}

await denyEverything();
await breaker();
await canary();
