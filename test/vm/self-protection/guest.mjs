// Runs in the guest: everything that root may try against the agent and what it keeps, first without protection, then with it; then what must
// go on to work. The guest's first process starts and ends the agent, as systemd would. One JSON line on standard output.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const work = '/tmp/vm';
const ready = `${work}/ready`;
const log = `${work}/agent.log`;
const bpffs = '/sys/fs/bpf';
const pins = `${bpffs}/portcullis`;
const group = '/sys/fs/cgroup/system.slice/portcullis.service';
const other = '/sys/fs/cgroup/other';
const socket = `${work}/control.sock`;
const miner = `${work}/miner`;
const tamper = '/usr/lib/portcullis/programs/tamper';
const signals = { INT: 2, KILL: 9, USR1: 10, TERM: 15, CONT: 18, STOP: 19 };

const settings = {
  PORTCULLIS_PINS_DIRECTORY: pins,
  PORTCULLIS_LOG_DESTINATION: log,
  PORTCULLIS_CONTROL_SOCKET: socket,
  INVOCATION_ID: '0123456789abcdef0123456789abcdef',
};

/** What `tamper` says: "ok" or the name of an error. */
function attempt(...words) {
  const { stdout, stderr, error } = spawnSync(tamper, words.map(String), { encoding: 'utf8' });
  return error?.code ?? `${stdout.trim()}${stderr === '' ? '' : ` (${stderr.trim()})`}`;
}

/** Has the first process of the machine run lines of shell. */
function byInit(lines) {
  writeFileSync('/run/portcullis-vm/by-init', `${lines}\n`);
  process.kill(1, 'SIGUSR1');
}

const patience = 2000; // tenths of a second: an emulated machine on a busy host

async function until(condition, what) {
  for (let waits = 0; !condition(); waits++) {
    if (waits > patience) throw new Error(`waited in vain: ${what}\n${JSON.stringify(found)}\n${said().join('\n')}`);
    await sleep(100);
  }
}

const said = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);
const lines = () => said().map((line) => JSON.parse(line));
const command = `portcullis run --policies ${work}/policies --ready-file ${ready} --listen 0`;

/** Resolves with the pid of an agent in the unit's control group whose policy is in force. */
async function startByInit(more = {}) {
  rmSync(ready, { force: true });
  const environment = Object.entries({ ...settings, ...more }).map(([name, value]) => `${name}=${value}`);
  const within = `echo 0 > ${group}/cgroup.procs; exec env ${environment.join(' ')} ${command}`;
  // `env` is an exec before the one of the launcher, like the one of systemd's executor
  byInit(`{ ${within}; } < /dev/null >> ${work}/out 2>&1 5>&- &`);
  await until(() => existsSync(ready), 'the agent');
  return JSON.parse(readFileSync(ready, 'utf8')).pid;
}

const isAlive = (pid) => existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const gone = (pid) => until(() => !isAlive(pid), `the end of ${pid}`);
const runs = () => spawnSync(miner, ['x'], { stdio: 'ignore' }).error?.code ?? 'ran';

/** What does no harm to who is not protected. */
function harmless(pid, set) {
  const inside = `${pins}/${set}`;
  return {
    'read-memory': attempt('read-memory', pid),
    'write-memory': attempt('write-memory', pid),
    'memory-file': attempt('open', `/proc/${pid}/mem`),
    attach: attempt('attach', pid),
    seize: attempt('seize', pid),
    'take-descriptor': attempt('take-descriptor', pid, 0),
    limit: attempt('limit', pid),
    renice: attempt('renice', pid),
    'pin-down': attempt('pin-down', pid),
    'signal-stop': attempt('signal', pid, signals.STOP),
    'signal-continue': attempt('signal', pid, signals.CONT),
    'open-pin-of-map': attempt('open-pin', `${inside}/maps/state`),
    'list-maps': attempt('list-maps'),
    'list-programs': attempt('list-programs'),
    'rename-pin': attempt('rename', `${inside}/maps/state`, `${inside}/maps/renamed`),
    'rename-away': attempt('rename', `${inside}/maps/state`, `${bpffs}/stolen`),
    'rename-directory': attempt('rename', pins, `${bpffs}/elsewhere`),
    'make-directory': attempt('make-directory', `${pins}/set-99`),
    'make-link': attempt('make-link', `${pins}/set-98`),
    'mount-over-pins': attempt('mount-over', pins),
    'mount-over-file-system': attempt('mount-over', bpffs),
    'bind-over-pins': attempt('bind-over', pins),
    'freeze-group': attempt('write', `${group}/cgroup.freeze`, '0'),
    'freeze-group-above': attempt('write', '/sys/fs/cgroup/system.slice/cgroup.freeze', '0'),
  };
}

/** What may be done to others, whoever is protected. */
async function unrelated() {
  const sleeper = spawn('sleep', ['1000']);
  await once(sleeper, 'spawn');
  mkdirSync(`${bpffs}/mine`, { recursive: true });
  mkdirSync(`${work}/point`, { recursive: true });
  const result = {
    attach: attempt('attach', sleeper.pid),
    'write-memory': attempt('write-memory', sleeper.pid),
    'own-map': spawnSync(
      'bpftool',
      'map create /sys/fs/bpf/mine/map type array key 4 value 4 entries 1 name mine'.split(' '),
    ).status,
    'own-pin': attempt('open-pin', `${bpffs}/mine/map`),
    'list-of-tool': spawnSync('bpftool', ['map', 'list']).stdout.includes('name mine'),
    'list-of-programs': spawnSync('bpftool', ['prog', 'list']).status,
    rename: attempt('rename', `${bpffs}/mine/map`, `${bpffs}/mine/other`),
    remove: attempt('remove', `${bpffs}/mine/map`),
    'make-directory': attempt('make-directory', `${bpffs}/mine/directory`),
    mount: attempt('mount-over', `${work}/point`),
    'kill-group': attempt('write', `${other}/cgroup.kill`, '1'),
    look: readFileSync(`/proc/${sleeper.pid}/status`, 'utf8').includes('sleep'),
    kill: attempt('signal', sleeper.pid, signals.KILL),
  };
  await once(sleeper, 'exit');
  return result;
}

/** On a process of no importance. */
async function fatal() {
  const results = {};
  for (const [name, words] of Object.entries({
    'signal-kill': ['signal', signals.KILL],
    'signal-terminate': ['signal', signals.TERM],
    'signal-interrupt': ['signal', signals.INT],
    'signal-user': ['signal', signals.USR1],
    'signal-by-pidfd': ['signal-by-pidfd', signals.KILL],
    'signal-by-file': ['signal-by-file', signals.KILL],
  })) {
    const victim = spawn('sleep', ['1000']);
    await once(victim, 'spawn');
    const ended = once(victim, 'exit');
    results[name] = attempt(words[0], victim.pid, words[1]);
    await ended;
  }
  return results;
}

function fatalTo(pid) {
  return {
    'signal-kill': attempt('signal', pid, signals.KILL),
    'signal-terminate': attempt('signal', pid, signals.TERM),
    'signal-interrupt': attempt('signal', pid, signals.INT),
    'signal-user': attempt('signal', pid, signals.USR1),
    'signal-by-pidfd': attempt('signal-by-pidfd', pid, signals.KILL),
    'signal-by-file': attempt('signal-by-file', pid, signals.KILL),
  };
}

/** The agent's answer over its control socket: a command line takes seconds here. */
async function ask(request) {
  const client = connect(socket);
  client.write(`${JSON.stringify(request)}\n`);
  let answer = '';
  for await (const piece of client) {
    answer += piece;
    if (answer.includes('\n')) break;
  }
  return JSON.parse(answer).result;
}

const firstSet = () => readdirSync(pins).find((name) => name.startsWith('set-'));

mkdirSync(`${work}/policies`, { recursive: true });
mkdirSync(group, { recursive: true });
mkdirSync(other, { recursive: true });
copyFileSync('/usr/lib/portcullis/programs/stand-in', miner);
const writePolicy = (mode) =>
  writeFileSync(
    `${work}/policies/test.policy`,
    `version: 1.0.0\nmode: ${mode}\nrules:\n  - id: miner\n    expression: exec.file.path == "${miner}"\n    actions:\n      - deny: {}\n`,
  );
writePolicy('enforce');

const found = {};

// 1. Nobody is protected: everything works.
let agent = await startByInit({ PORTCULLIS_SELF_PROTECTION: 'off' });
found.unprotected = { ...harmless(agent, firstSet()), ...(await fatal()), unrelated: await unrelated() };
found.unprotected['remove-pin'] = attempt('remove', `${pins}/${firstSet()}/maps/guards`);
found.unprotected['kill-group'] = attempt('write', `${group}/cgroup.kill`, '1');
await gone(agent);
found.unprotected['remove-pins'] = spawnSync('rm', ['-r', pins], { encoding: 'utf8' }).status;
found.unprotected['move-mount'] = attempt('move-mount', bpffs, `${work}/policies`);
found.unprotected.unmount = attempt('unmount', bpffs);
spawnSync('mount', ['-t', 'bpf', 'bpf', bpffs]);

// 2. The agent is protected: nothing works on it, everything on others.
rmSync(log, { force: true });
agent = await startByInit();
const set = firstSet();
found.protected = { ...harmless(agent, set), ...fatalTo(agent), unrelated: await unrelated() };
Object.assign(found.protected, {
  'remove-pin': attempt('remove', `${pins}/${set}/maps/guards`),
  'remove-directory': attempt('remove-directory', `${pins}/${set}/maps`),
  'kill-group': attempt('write', `${group}/cgroup.kill`, '1'),
  'remove-pins': spawnSync('rm', ['-r', pins], { encoding: 'utf8' }).status,
  'move-mount': attempt('move-mount', bpffs, `${work}/policies`),
  unmount: attempt('unmount', bpffs),
  'unmount-above': attempt('unmount', '/sys'),
});
writeFileSync(`${other}/cgroup.procs`, String(agent));
found.protected['kill-other-group-of-agent'] = attempt('write', `${other}/cgroup.kill`, '1');
writeFileSync(`${group}/cgroup.procs`, String(agent));
found.alive = isAlive(agent);
const expectedLines = () => lines().filter(({ msg }) => msg === 'tamper');
// the last of all
await until(() => expectedLines().filter(({ hook }) => hook === 'file_open').length >= 4, 'the last line');
found.hooks = [...new Set(expectedLines().map(({ hook }) => hook))].sort();
found.line = expectedLines().find(({ hook, detail }) => hook === 'task_kill' && detail === signals.KILL);
found.metrics = (await ask({ verb: 'metrics' }))
  .split('\n')
  .filter((line) => /^portcullis_(tamper|self_protection)/.test(line) && !/ 0$/.test(line));

// 3. A reload is everybody's right, and an operator may unlock and lock again.
found.reload = attempt('signal', agent, 1);
await until(() => lines().some(({ msg }) => msg === 'reload-done'), 'the reload');
const unlock = (time) => spawnSync('portcullis', ['unlock', '--for', time, '--socket', socket], { encoding: 'utf8' });
found.unlocked = {
  said: unlock('60s').stdout,
  attach: attempt('attach', agent),
  stop: attempt('signal', agent, signals.STOP),
  continue: attempt('signal', agent, signals.CONT),
  pin: attempt('open-pin', `${pins}/${set}/maps/state`),
  again: (await ask({ verb: 'unlock', seconds: 0 })).is,
  locked: attempt('signal', agent, signals.STOP),
  by: lines().find(({ msg }) => msg === 'self-protection-unlocked')?.by,
};

// A policy that only reports needs no protection; one that enforces has it again, pins and all.
async function reloadAs(mode) {
  writePolicy(mode);
  const done = () => lines().filter(({ msg }) => msg === 'reload-done').length;
  const before = done();
  attempt('signal', agent, 1);
  await until(() => done() > before, `the reload to ${mode}`);
  return { trace: attempt('attach', agent), pins: existsSync(`${pins}/self`), runs: runs() };
}
found.modes = { monitor: await reloadAs('monitor'), enforce: await reloadAs('enforce') };

// 4. The first process ends it; what it left is as it was.
byInit(`kill -KILL ${agent}`);
await gone(agent);
found.left = {
  runs: runs(),
  remove: attempt('remove', `${pins}/${set}/maps/guards`),
  unmount: attempt('unmount', bpffs),
  'make-directory': attempt('make-directory', `${pins}/set-99`),
  'open-pin': attempt('open-pin', `${pins}/${set}/maps/state`),
};

rmSync(ready);
// 5. Nobody but the first process brings the next one.
// whoever daemonises has the first process as its parent, and may go into any control group
const daemon = `echo 0 > ${group}/cgroup.procs; (sleep 1; exec ${command}; echo never) >> ${work}/out 2>&1 & exit 0`;
const before = lines().filter(({ msg }) => msg === 'cannot-start').length;
spawnSync('sh', ['-c', daemon], { env: { ...process.env, ...settings }, stdio: 'ignore' });
await until(() => lines().filter(({ msg }) => msg === 'cannot-start').length > before, 'the end of the impostor');
found.impostor = { ready: existsSync(ready), runs: runs(), pins: readdirSync(pins).sort() };

// 6. The successor goes on where the first ended, and is as protected.
agent = await startByInit();
found.successor = {
  adopted: lines().some(({ msg }) => msg === 'pins-adopted'),
  kill: attempt('signal', agent, signals.KILL),
  pin: attempt('open-pin', `${pins}/${firstSet()}/maps/state`),
  list: attempt('list-maps'),
  runs: runs(),
  told: lines().filter(({ msg, hook }) => msg === 'tamper' && hook === 'sb_umount').length,
};

// 7. The first process stops it in order, and nothing is left.
byInit(`kill -TERM ${agent}`);
await gone(agent);
found.after = { pins: readdirSync(pins), runs: runs(), list: attempt('list-programs'), last: lines().at(-1)?.msg };
found.errors = said().filter((line) => /"level":"error"/.test(line));
console.log(JSON.stringify(found));
