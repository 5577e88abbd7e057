import type { PeerCredentials } from '../kernel/addon.js';
import type { OpenSession } from '../kernel/types.js';
import type { Cgroups } from '../rules/cgroup-kill/cgroup.js';
import type { Processes } from '../rules/kill.js';
import type { ConfigChange } from './config-follow.js';
import type { PolicyWorkshop } from './policies.js';
import type { SelfProtectionHost } from './self-protection.js';
import type { AgentNews } from './service-manager.js';

/** What the agent needs of the world; tests give their own. */
export interface AgentWorld {
  version: string;
  pid: number;
  openSession: OpenSession;
  workshop: PolicyWorkshop;
  /** For kills after the event. */
  processes: Processes;
  /** For kills of more than a process. */
  cgroups: Cgroups;
  /** Nanoseconds since boot, suspended time included. */
  bootTime(): bigint;
  /** Who is at the other end of a local socket. */
  peerOf(descriptor: number): PeerCredentials;
  /** Whether container engines use the default hierarchy of cgroups here; absent: they do. */
  cgroupHierarchy?(): 'default' | 'unknown';
  /** What tells this host from all others. */
  hostId(): string;
  /** What starts the command line. */
  launcher?: string;
  /** Absent: the agent cannot protect itself. */
  selfProtection?: SelfProtectionHost;
  /** Hears of changes of what is in force; absent: nobody waits for them. */
  manager?: AgentNews;
  /** Reads the configuration again, for a reload; absent: it does not change. Throws ConfigError. */
  rereadConfig?(): ConfigChange;
}
