/** What the control socket asks of the agent, and who asks. */
import type { PeerCredentials } from '../../kernel/addon.js';
import type { ReloadResult } from '../metrics.js';
import type { EventFilter, WantedMode } from './protocol.js';
import type { ProcessReport, RuleReport, SelfProtectionReport, StatusReport, TopReport } from './reports.js';

/** Who is at the other end. */
export interface Peer extends PeerCredentials {
  /** Name of its program; undefined when it is gone. */
  comm: string | undefined;
}

export interface ControlTarget {
  status(): StatusReport;
  top(): TopReport;
  metrics(): Promise<string>;
  processes(): AsyncIterable<ProcessReport>;
  /** Events of the past, as lines of JSON, oldest first. */
  events(filter: EventFilter): AsyncIterable<string>;
  /** Each event from now on; ends with the call of what is returned. */
  follow(filter: EventFilter, onEvent: (line: string) => void): () => void;
  /** Nothing decides any more. Rejects with an error that has a code. */
  off(by: Peer): Promise<void>;
  on(by: Peer): Promise<void>;
  setMode(rule: string, mode: WantedMode, by: Peer): Promise<RuleReport>;
  /** Nobody is kept from the agent for so long. Throws an error that has a code. */
  unlock(seconds: number, by: Peer): SelfProtectionReport;
  reload(by: Peer): Promise<ReloadResult>;
}

/** As logs and reports write it. */
export function peerText({ comm, pid, uid }: Peer): string {
  return `${comm ?? 'a process that has ended'} (pid ${pid}, uid ${uid})`;
}
