/**
 * What the rules in force think of the processes that run: of each, whether its last exec would match. What is known of
 * that exec comes from the kernel's records, and for processes older than the agent from the processes themselves.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { liveProcess } from '../events/live-process.js';
import type { ProcessTree } from '../events/processes.js';
import type { RuleEngine } from '../events/rule-run.js';
import { Scene, type SceneParts } from '../events/scene.js';
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
  const { tree, scene, engine, bootTime, modeOf } = parts;
  const facts = tree.live(pid);
  if (facts === undefined) return undefined;
  const { ppid = 0, comm, path } = facts;
  const shown = { pid, ppid, comm: textOf(comm), path: path === undefined ? undefined : textOf(path) };
  // Only a kernel thread runs no program.
  if (path === undefined) return { ...shown, uid: undefined, source: 'proc', kernelThread: true, rules: [] };
  const live = liveProcess(pid, { processes: tree, cgroups: scene.cgroups, now: bootTime });
  if (live === undefined) return undefined;
  const run = engine.begin(new Scene(live.record, scene));
  const found = rules.flatMap((rule): ProcessReport['rules'] => {
    const truth = run.truth(rule);
    if (truth === false) return [];
    return [{ id: rule.id, mode: modeOf(rule), truth: truth === true ? 'holds' : 'unknown' }];
  });
  return { ...shown, uid: live.record.uid, source: live.source, rules: found };
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
