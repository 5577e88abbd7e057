/** The control socket as the configuration wants it, with the operator behind it. */
import { readFileSync } from 'node:fs';
import { ControlServer } from '../telemetry/control/server.js';
import { type Peer, peerText } from '../telemetry/control/target.js';
import type { AgentLog } from '../telemetry/log.js';
import type { Foundation } from './foundation.js';
import { Operator, type OperatorParts } from './operator.js';
import { sentenceOf } from './sentence.js';

/** Enforcement works without it, so that it cannot be had keeps nothing from starting: undefined then, and where none is wanted. */
export async function openControl(
  { config, world, log }: Foundation,
  parts: OperatorParts,
): Promise<ControlServer | undefined> {
  const { socket } = config.control;
  if (socket.at === 'nowhere') return undefined;
  try {
    return await ControlServer.listen({
      path: socket.path,
      target: new Operator(parts),
      peerOf: (descriptor) => world.peerOf(descriptor),
      commOf,
      ownUid: process.getuid?.() ?? 0,
      onRefused: (peer) => sayRefused(log, peer),
    });
  } catch (error) {
    const text = `portcullis status, off and the like do not reach this agent. ${sentenceOf(error)}`;
    log.error('control-unavailable', text);
    return undefined;
  }
}

function sayRefused(log: AgentLog, peer: Peer): void {
  const { uid, gid, pid, comm } = peer;
  log.warn('control-refused', `The control socket turned ${peerText(peer)} away.`, { uid, gid, pid, comm });
}

/** Name of a process's program; undefined when it is gone. */
function commOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
