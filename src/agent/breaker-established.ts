/** The executables that ran before the policy came, as the circuit breaker knows them. */
import { readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Executable } from '../kernel/types.js';
import type { ProcessReport } from '../telemetry/control/reports.js';

/** Of the processes for which no rule holds: what a rule names already is no sign of a bad rule. */
export async function establishedExecutables(
  reports: AsyncIterable<ProcessReport>,
  identify: (pid: number) => Executable | undefined = executableOf,
): Promise<Executable[]> {
  const flagged = new Set<string>();
  const found = new Map<string, Executable>();
  for await (const { pid, kernelThread, rules } of reports) {
    const executable = kernelThread ? undefined : identify(pid);
    if (executable === undefined) continue;
    const key = `${executable.ctime} ${executable.size} ${executable.name}`;
    if (rules.some(({ truth }) => truth === 'holds')) flagged.add(key);
    else found.set(key, executable);
  }
  return [...found].flatMap(([key, executable]) => (flagged.has(key) ? [] : [executable]));
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
