/** `portcullis processes`: the tree of what runs, with what the rules in force think of each. */
import { Command } from 'commander';
import type { Style } from '../policy/index.js';
import type { ProcessReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print, printJson, styleOf } from './output.js';
import type { Invocation } from './verb.js';
import { printable } from './words.js';

interface Options extends SocketOption {
  readonly matching?: true;
  readonly json?: true;
}

const description = `the tree of processes, with the rules that hold for the last exec of each

Of processes older than the agent, program and arguments are as they show them themselves; those lines end with *. A rule that
cannot be decided for want of a fact has a question mark. Kernel threads are left out.`;

export function processesVerb({ io }: Invocation): Command {
  const command = new Command('processes')
    .summary('the tree of processes, with what the rules think of each')
    .description(description)
    .option('--matching', 'only processes for which a rule holds, and those above them')
    .option('--json', 'print each process as one line of JSON')
    .action(async ({ matching, json, ...options }: Options) => {
      const all = await withClient(socketOf(options, io), async (client) => {
        const found: ProcessReport[] = [];
        for await (const answer of client.stream({ verb: 'processes' })) {
          if (answer.answer === 'item') found.push(answer.item as ProcessReport);
        }
        return found;
      });
      const shown = matching ? withParents(all.filter(holds), all) : all;
      if (json) {
        for (const report of shown) printJson(io.stdout, report);
        return;
      }
      const style = styleOf(io.stdout, io.env);
      for (const line of tree(
        shown.filter(({ kernelThread }) => kernelThread !== true),
        style,
      ))
        print(io.stdout, line);
    });
  return withSocket(command);
}

function holds({ rules }: ProcessReport): boolean {
  return rules.some(({ truth }) => truth === 'holds');
}

/** With everything above them, in the order of `all`. */
function withParents(found: readonly ProcessReport[], all: readonly ProcessReport[]): ProcessReport[] {
  const byPid = new Map(all.map((report) => [report.pid, report]));
  const kept = new Set<number>();
  for (const report of found) {
    for (let at: ProcessReport | undefined = report; at !== undefined && !kept.has(at.pid); at = byPid.get(at.ppid)) {
      kept.add(at.pid);
    }
  }
  return all.filter(({ pid }) => kept.has(pid));
}

/** Children below their parents; one whose parent is not among them stands at the margin. */
function* tree(reports: readonly ProcessReport[], style: Style): Generator<string> {
  const pids = new Set(reports.map(({ pid }) => pid));
  const children = new Map<number, ProcessReport[]>();
  for (const report of reports) {
    const parent = pids.has(report.ppid) && report.ppid !== report.pid ? report.ppid : 0;
    children.set(parent, [...(children.get(parent) ?? []), report]);
  }
  // A process can go and its pid come back while they are read, so what was told is not told again.
  const told = new Set<number>();
  const waiting = (children.get(0) ?? []).map((report) => ({ report, depth: 0 })).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { report, depth } = next;
    if (told.has(report.pid)) continue;
    told.add(report.pid);
    yield line(report, depth, style);
    const below = (children.get(report.pid) ?? []).map((child) => ({ report: child, depth: depth + 1 }));
    waiting.push(...below.reverse());
  }
}

function line(report: ProcessReport, depth: number, style: Style): string {
  const { pid, uid, comm, path, source, rules } = report;
  const self = source === 'proc' ? style.faint(' *') : '';
  const opinions = rules.map(({ id, mode, truth }) => {
    if (truth === 'unknown') return style.faint(`${printable(id)}?`);
    return mode === 'enforce' ? style.error(printable(id)) : style.warning(printable(id));
  });
  const text = `${String(pid).padStart(7)} ${String(uid ?? '').padEnd(6)} ${'  '.repeat(depth)}${printable(path ?? comm)}`;
  return `${text}${self}${opinions.length === 0 ? '' : `  [${opinions.join(' ')}]`}`;
}
