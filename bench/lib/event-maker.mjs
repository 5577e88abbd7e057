// Events as the agent makes them of the kernel's records, in this process.
import { CgroupPaths } from '../../dist/events/cgroups.js';
import { AlignedClock } from '../../dist/events/clock.js';
import { ImageHistory } from '../../dist/events/image.js';
import { EventMaker } from '../../dist/events/maker.js';
import { ProcessTree } from '../../dist/events/processes.js';
import { Scrubber } from '../../dist/events/scrub/scrubber.js';
import { UserNames } from '../../dist/events/users.js';
import { loadPolicies } from '../../dist/policy/index.js';
import { UserSpaceRules } from '../../dist/rules/engine.js';

const { rules } = loadPolicies([
  {
    file: 'budget.policy',
    text: 'version: 1.0.0\nrules:\n  - id: tool\n    expression: exec.file.name == "tool"\n    actions: [{deny: {}}]\n',
  },
]);
const image = { hash: 'ab'.repeat(32), rules: rules.map((rule) => ({ rule, decidedBy: 'kernel' })) };
const images = new ImageHistory();
await images.during(async () => ({ generation: 1n, image }));
const processes = {
  self: 1,
  isProtected: () => false,
  open: () => undefined,
  start: () => undefined,
  binary: () => undefined,
  now: () => 0n,
};
/** Makes events without a kernel, on a host without processes. */
export const maker = new EventMaker({
  version: '0.0.0',
  tier: 'lsm',
  bootId: 'boot',
  images,
  clock: new AlignedClock(
    () => 10_000_000_000n,
    () => 10_000,
  ),
  processes: new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] }),
  cgroups: new CgroupPaths({ root: () => undefined, membership: () => undefined, idOf: () => 0n, children: () => [] }),
  users: new UserNames(() => 'root:x:0:0::/root:/bin/sh\n'),
  groups: new UserNames(() => 'root:x:0:\n'),
  engine: new UserSpaceRules({
    onUnknown: 'report',
    processes,
    scopes: { end: async () => ({ status: 'refused', why: '' }) },
  }),
  scrubber: new Scrubber(),
});

/** Twelve arguments, 300 bytes; each record is of a process of its own. @param {number} number */
export function recordOf(number) {
  return {
    event: 'exec',
    exitCode: 0,
    stage: 'kill',
    verdict: 'report',
    sequence: BigInt(number),
    exec: BigInt(number),
    previous: 0n,
    time: 5_000_000_000n,
    start: 4_000_000_000n,
    generation: 1n,
    known: 2n ** 64n - 1n,
    cgroup: 0n,
    inode: 99n,
    cpu: 0,
    device: 1,
    pid: 1000 + number,
    tid: 1000 + number,
    ppid: 1,
    uid: 0,
    gid: 0,
    euid: 0,
    egid: 0,
    mode: 0o100755,
    signal: 0,
    argsCount: 12,
    argsBytes: 300,
    levels: 1,
    rules: [0],
    unknownRules: [],
    path: '/usr/bin/tool',
    name: 'tool',
    interpreterPath: undefined,
    interpreterName: undefined,
    argv: ['tool', ...Array.from({ length: 11 }, (_, n) => `--option-${n}=value-${n}-of-${number % 10}`)],
    argsCut: false,
    pathCut: false,
    shadow: false,
    established: false,
    tripped: false,
    outsideCanary: false,
    tty: undefined,
    comm: 'tool',
    parentComm: 'sh',
  };
}
