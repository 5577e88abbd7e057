/** The control socket: a local stream socket that only root and the agent's own user may open, checked twice. */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { PeerCredentials } from '../../kernel/addon.js';
import { ControlConnection, dismiss } from './connection.js';
import { limits } from './limits.js';
import { ControlError } from './protocol.js';
import type { ControlTarget, Peer } from './target.js';

export interface ControlServerParts {
  path: string;
  target: ControlTarget;
  /** Who is at the other end of a connected socket's descriptor. */
  peerOf(descriptor: number): PeerCredentials;
  /** Name of a process's program. */
  commOf(pid: number): string | undefined;
  /** User that may ask, besides root. */
  ownUid: number;
  /** Told of each client that was turned away. */
  onRefused(peer: Peer): void;
}

export class ControlServer {
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  /** Resolves when clients are served. Throws ControlError: `control-in-use` or `control-unavailable`. */
  static async listen(parts: ControlServerParts): Promise<ControlServer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      admit(socket, parts);
    });
    server.maxConnections = limits.connections.value;
    await makeRoom(parts.path);
    await bind(server, parts.path);
    // An accept that fails (no descriptors left) must not end the agent; the next one may succeed.
    server.removeAllListeners('error').on('error', () => {});
    return new ControlServer(server, sockets);
  }

  /** Resolves when the socket is gone; clients are cut off. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** The file's mode keeps others out; this is for a file whose mode somebody has changed. */
function admit(socket: Socket, { target, peerOf, commOf, ownUid, onRefused }: ControlServerParts): void {
  let peer: Peer;
  try {
    const credentials = peerOf(descriptorOf(socket));
    peer = { ...credentials, comm: commOf(credentials.pid) };
  } catch {
    socket.destroy();
    return;
  }
  if (peer.uid !== 0 && peer.uid !== ownUid) {
    onRefused(peer);
    const message = `User ${peer.uid} may not control the agent; only root may.`;
    dismiss(socket, `${JSON.stringify({ answer: 'error', code: 'not-permitted', message })}\n`);
    return;
  }
  new ControlConnection(socket, peer, target).serve();
}

/** Node does not show the descriptor of a socket, but its handle has it. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: unknown } | null };
  if (typeof handle?.fd !== 'number' || handle.fd < 0) throw new ControlError('no-descriptor', 'The socket is closed.');
  return handle.fd;
}

/** Removes a socket that nobody serves any more; makes its directory. */
async function makeRoom(path: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (!lstatSync(path).isSocket()) {
      throw new ControlError('control-unavailable', `${path} is not a socket: something else is in the way.`);
    }
  } catch (error) {
    if (error instanceof ControlError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw unavailable(path, error);
  }
  if (await answers(path)) {
    throw new ControlError('control-in-use', `Another agent answers at ${path}.`);
  }
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unavailable(path, error);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

async function bind(server: Server, path: string): Promise<void> {
  // The file is made by listen() itself, before it returns, so that it never has another mode than this.
  const before = process.umask(0o177);
  try {
    const listening = new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(unavailable(path, error)));
      server.once('listening', resolve);
    });
    server.listen(path);
    process.umask(before);
    await listening;
    chmodSync(path, 0o600);
  } finally {
    process.umask(before);
  }
}

function unavailable(path: string, error: unknown): ControlError {
  const why = error instanceof Error ? error.message : String(error);
  return new ControlError('control-unavailable', `The control socket ${path} cannot be made: ${why}.`, {
    cause: error,
  });
}
