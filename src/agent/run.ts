/** The daemon as one call: configuration in, until a signal ends it. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { bootTimeNs, peerCredentials, sendDatagram } from '../kernel/addon.js';
import { openSession } from '../kernel/session.js';
import { systemCgroups } from '../rules/cgroup-kill/cgroup.js';
import { systemProcesses } from '../rules/system-processes.js';
import { FileSink } from '../telemetry/sink.js';
import { Agent } from './agent.js';
import { isSwitchedOff } from './boot-parameter.js';
import { cgroupHierarchy } from './canary.js';
import type { Config } from './config.js';
import type { FollowedConfig } from './config-follow.js';
import { collectSoon } from './garbage.js';
import { packageVersion } from './package.js';
import type { PolicyWorkshop } from './policies.js';
import { goAhead } from './priority.js';
import { thisHost } from './self-protection.js';
import { sentenceOf } from './sentence.js';
import { ServiceManager } from './service-manager.js';
import { listenForSignals, type SignalRequests } from './signals.js';
import { lostInAll, type StopSummary } from './stop-summary.js';
import { workshop } from './workshop.js';
import type { AgentWorld } from './world.js';

export interface RunOptions {
  /** Written when a policy is in force, as JSON, and removed at the end. */
  readyFile?: string;
}

/** How it ended. `lost`: cleanly, but not everything reached the log. `switched-off`: it was never started. */
export type RunOutcome =
  | { outcome: 'stopped' }
  | { outcome: 'switched-off' }
  | { outcome: 'lost'; records: number }
  | { outcome: 'stop-failed'; why: string };

/** The agent's real surroundings, and where its configuration is read again at a reload. */
export function realWorld(followed: FollowedConfig): AgentWorld {
  return {
    rereadConfig: () => followed.reread(),
    version: packageVersion(),
    pid: process.pid,
    ...(process.argv[1] !== undefined && { launcher: process.argv[1] }),
    openSession,
    workshop,
    processes: systemProcesses,
    cgroups: systemCgroups,
    cgroupHierarchy,
    selfProtection: thisHost,
    bootTime: bootTimeNs,
    hostId,
    peerOf: peerCredentials,
  };
}

/** Runs until SIGTERM or SIGINT. Rejects when the agent cannot start; the message says what to do. */
export async function run(
  config: Config,
  options: RunOptions,
  world: AgentWorld,
  signals: SignalRequests = listenForSignals(),
  manager = new ServiceManager(process.env, process.pid, sendDatagram),
): Promise<RunOutcome> {
  if (isSwitchedOff()) {
    manager.end();
    signals.dispose();
    return { outcome: 'switched-off' };
  }
  goAhead();
  const sink = new FileSink(config.log.destination);
  try {
    const agent = await Agent.start(config, { ...world, manager, workshop: patient(world.workshop, manager) }, sink);
    manager.ready(agent.summary);
    signals.onReload(() => void agent.reload());
    if (options.readyFile !== undefined) writeReadyFile(options.readyFile, agent.status);
    const signal = await signals.end;
    manager.stopping(signal);
    if (options.readyFile !== undefined) rmSync(options.readyFile, { force: true });
    return await outcomeOf(agent.stop(signal));
  } finally {
    manager.end();
    signals.dispose();
    sink.close();
  }
}

async function outcomeOf(stopped: Promise<StopSummary>): Promise<RunOutcome> {
  try {
    const records = lostInAll(await stopped);
    return records === 0 ? { outcome: 'stopped' } : { outcome: 'lost', records };
  } catch (error) {
    return { outcome: 'stop-failed', why: sentenceOf(error) };
  }
}

/** On a slow host a compilation takes longer than the watchdog waits. */
function patient(workshop: PolicyWorkshop, manager: ServiceManager): PolicyWorkshop {
  const compile: PolicyWorkshop['compile'] = (...all) => {
    try {
      return manager.standstill(() => workshop.compile(...all));
    } finally {
      collectSoon();
    }
  };
  return { ...workshop, compile };
}

/** As the system was given it at its installation; empty where it has none, which then is like all others without. */
function hostId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** In one step, so that whoever waits for the file never reads half of it. */
function writeReadyFile(path: string, status: Record<string, unknown>): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${JSON.stringify(status)}\n`);
  renameSync(fresh, path);
}
