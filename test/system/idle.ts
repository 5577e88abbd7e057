/** What the agent takes while nobody asks anything of it, in a machine whose processor is emulated. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemMachine } from '../../scripts/lib/system/machine.mjs';

/** Clock ticks of /proc a second, on every Linux with which Node runs. */
const TICKS = 100;

/** Something for JavaScript to do, always the same; prints the milliseconds of processor time that it took. */
const WORK = `
  const made = Array.from({ length: 3000 }, (_, at) => ({ at, text: 'x'.repeat(at % 100), list: [at, at * 2] }));
  let sum = 0;
  for (let turn = 0; turn < 20; turn++) for (const { text } of JSON.parse(JSON.stringify(made))) sum += text.length;
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000, sum);`;

export interface IdleCosts {
  seconds: number;
  /** Percent of one core, as the machine counts its time. */
  share: number;
  /** How often longer the same program takes in the machine than on this host. */
  slowdown: number;
  /** Highest of some looks. */
  residentBytes: number;
  /** How often its threads went to sleep, a second. */
  wakeUps: number;
}

/** Looks at a process from outside of it for so many seconds. */
export async function idleCosts(machine: SystemMachine, pid: string, seconds: number): Promise<IdleCosts> {
  const slowdown = milliseconds(await machine.must(`node -e "${WORK}"`)) / milliseconds(workHere());
  const before = await sample(machine, pid);
  let residentBytes = before.resident;
  let after = before;
  while (after.uptime - before.uptime < seconds) {
    await sleep(Math.min(30, seconds) * 1000);
    after = await sample(machine, pid);
    residentBytes = Math.max(residentBytes, after.resident);
  }
  const passed = after.uptime - before.uptime;
  return {
    seconds: passed,
    share: (100 * (after.ticks - before.ticks)) / TICKS / passed,
    slowdown,
    residentBytes,
    wakeUps: (after.switches - before.switches) / passed,
  };
}

async function sample(machine: SystemMachine, pid: string) {
  const text = await machine.must(`
    cut -d' ' -f1 /proc/uptime
    sed 's/.*) //' /proc/${pid}/stat | cut -d' ' -f12,13
    grep VmRSS: /proc/${pid}/status | tr -dc '0-9\\n'
    cat /proc/${pid}/task/*/status | grep ^voluntary_ctxt_switches | tr -dc '0-9\\n'`);
  const [uptime, times, resident, ...switches] = text.trim().split('\n');
  const sum = (numbers: readonly string[]) => numbers.reduce((total, number) => total + Number(number), 0);
  return {
    uptime: Number(uptime),
    ticks: sum(times!.split(' ')),
    resident: Number(resident) * 1024,
    switches: sum(switches),
  };
}

const workHere = () => execFileSync(process.execPath, ['-e', WORK], { encoding: 'utf8' });
const milliseconds = (printed: string) => Number(printed.split(' ')[0]);
