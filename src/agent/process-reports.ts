/**
 * What the rules in force think of the processes that run: of each, whether its last exec would match. What is known of
 * that exec comes from the kernel's records, and for processes older than the agent from the processes themselves.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { ProcessFacts, ProcessTree } from '../events/processes.js';
import type { Program } from '../events/program.js';
import type { RuleEngine } from '../events/rule-run.js';
import { Scene, type SceneParts } from '../events/scene.js';
import type { KernelRecord } from '../kernel/types.js';
import type { Mode, Rule } from '../policy/ruleset.js';
import type { ProcessReport } from '../telemetry/control/reports.js';
import { limits } from './limits.js';

export interface ProcessReportParts {
  tree: ProcessTree;
  scene: SceneParts;
  engine: RuleEngine;
  /** Rules in force; those about other events than `exec` say nothing of a process. */
  rules: readonly Rule[];
  modeOf(rule: Rule): Mode;
  /** Nanoseconds since boot. */
  bootTime(): bigint;
}

/** One for each process that lives, by pid. */
export async function* processReports(parts: ProcessReportParts): AsyncGenerator<ProcessReport> {
  const rules = parts.rules.filter(({ event }) => event === 'exec');
  parts.scene.clock.align();
  parts.tree.refresh();
  for (const [index, pid] of parts.tree.pids().entries()) {
    const report = reportOf(pid, rules, parts);
    if (report !== undefined) yield report;
    if (index % limits.recordsBetweenYields.value === 0) await yieldToOthers();
  }
}

/** Undefined: it has ended. */
function reportOf(pid: number, rules: readonly Rule[], parts: ProcessReportParts): ProcessReport | undefined {
  const facts = parts.tree.live(pid);
  if (facts === undefined) return undefined;
  const now = parts.bootTime();
  const program = parts.tree.program(facts, now);
  const shown = {
    pid,
    ppid: facts.ppid ?? 0,
    uid: program?.uid,
    comm: textOf(facts.comm),
    path: facts.path === undefined ? undefined : textOf(facts.path),
    source: program?.source ?? ('proc' as const),
  };
  // Only a kernel thread has no program.
  if (program === undefined || facts.path === undefined) return { ...shown, kernelThread: true, rules: [] };
  const run = parts.engine.begin(new Scene(recordOf(facts, program), parts.scene));
  const found = rules.flatMap((rule): ProcessReport['rules'] => {
    const truth = run.truth(rule);
    if (truth === false) return [];
    return [{ id: rule.id, mode: parts.modeOf(rule), truth: truth === true ? 'holds' : 'unknown' }];
  });
  return { ...shown, rules: found };
}

/** The exec of a process as if the kernel had just reported it. */
function recordOf({ pid, ppid, start, comm }: ProcessFacts, program: Program): KernelRecord {
  const { since, source: _, ...known } = program;
  return {
    ...known,
    event: 'exec',
    exitCode: 0,
    stage: 'kill',
    verdict: 'none',
    sequence: 0n,
    exec: 0n,
    previous: 0n,
    time: since,
    start: start ?? since,
    generation: 0n,
    cpu: 0,
    pid,
    tid: pid,
    ppid: ppid ?? 0,
    signal: 0,
    rules: [],
    unknownRules: [],
    shadow: false,
    established: false,
    tripped: false,
    outsideCanary: false,
    comm,
    parentComm: '',
  };
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
