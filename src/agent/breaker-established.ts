/** The executables that ran before the policy came, as the circuit breaker knows them. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Executable } from '../kernel/types.js';
import type { ProcessReport } from '../telemetry/control/reports.js';

/** `established`: those of processes for which no rule holds. What a rule names already (`named`) is no sign of a bad rule. */
export async function establishedExecutables(
  reports: AsyncIterable<Pick<ProcessReport, 'pid' | 'kernelThread' | 'rules'>>,
  identify: (pid: number) => Executable | undefined = executableOf,
): Promise<{ established: Executable[]; named: Executable[] }> {
  const flagged = new Map<string, Executable>();
  const found = new Map<string, Executable>();
  for await (const { pid, kernelThread, rules } of reports) {
    const executable = kernelThread ? undefined : identify(pid);
    if (executable === undefined) continue;
    const key = keyOf(executable);
    if (rules.some(({ truth }) => truth === 'holds')) flagged.set(key, executable);
    else found.set(key, executable);
  }
  const established = [...found].flatMap(([key, executable]) => (flagged.has(key) ? [] : [executable]));
  return { established, named: [...flagged.values()] };
}

/** Of all processes, before there are rules that could name any. */
export function runningExecutables(identify: (pid: number) => Executable | undefined = executableOf): Executable[] {
  const found = new Map<string, Executable>();
  for (const name of readdirSync('/proc')) {
    const executable = /^\d+$/.test(name) ? identify(Number(name)) : undefined;
    if (executable !== undefined) found.set(keyOf(executable), executable);
  }
  return [...found.values()];
}

function keyOf({ ctime, size, name }: Executable): string {
  return `${ctime} ${size} ${name}`;
}

/** Undefined: the process is gone. */
function executableOf(pid: number): Executable | undefined {
  try {
    const link = `/proc/${pid}/exe`;
    const { ctimeNs, size } = statSync(link, { bigint: true });
    const name = basename(readlinkSync(link, 'latin1'));
    return { ctime: ctimeNs, size, name: name.replace(/ \(deleted\)$/, '') };
  } catch {
    return undefined;
  }
}
