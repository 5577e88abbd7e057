/** The command line's end of the control socket. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Config } from '../agent/config.js';
import { ConfigError } from '../agent/config-error.js';
import { readConfig } from '../agent/config-layers.js';
import type { Answer, Request } from '../telemetry/control/protocol.js';
import { type Io, UsageError } from './verb.js';

/** Nobody answers: exit status 3. */
export class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
  readonly code = 'not-running';
}

/** The agent, or the kernel on its behalf, says no: exit status 1. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface SocketOption {
  readonly socket?: string;
}

/** Adds the option that names the socket. */
export function withSocket(command: Command): Command {
  return command.option('--socket <path>', 'control socket of the agent; default as configured');
}

/** Where the agent listens. Throws UsageError when the configuration cannot be read, RefusedError when it has none. */
export function socketOf({ socket }: SocketOption, io: Io): string {
  if (socket !== undefined) return socket;
  const place = configOf(io).control.socket;
  if (place.at === 'path') return place.path;
  throw new RefusedError('no-socket', 'The agent has no control socket: the configuration says `control.socket: off`.');
}

/** The configuration as the agent finds it, but for options. Throws UsageError. */
export function configOf({ env }: Io): Config {
  try {
    return readConfig({ environment: env }).config;
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** Throws NotRunningError or RefusedError. */
  static open(path: string): Promise<ControlClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', (error: NodeJS.ErrnoException) => reject(unreachable(path, error)));
      socket.once('connect', () => {
        // What the agent said before it hung up is still read.
        socket.removeAllListeners('error').on('error', () => {});
        resolve(new ControlClient(socket));
      });
    });
  }

  /** The whole answer. Throws RefusedError or NotRunningError. */
  async ask<Result>(request: Request): Promise<Result> {
    for await (const answer of this.stream(request)) if (answer.answer === 'result') return answer.result as Result;
    throw hungUp();
  }

  /** Answers until the last one of the request. Throws RefusedError or NotRunningError. */
  async *stream(request: Request): AsyncGenerator<Exclude<Answer, { answer: 'error' } | { answer: 'end' }>> {
    this.#socket.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done === true) throw hungUp();
      const answer = JSON.parse(value) as Answer;
      switch (answer.answer) {
        case 'error':
          throw new RefusedError(answer.code, answer.message);
        case 'end':
          return;
        case 'result':
          yield answer;
          return;
        case 'item':
        case 'lost':
          yield answer;
      }
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Opens a connection for as long as `act` needs it. */
export async function withClient<Result>(
  path: string,
  act: (client: ControlClient) => Promise<Result>,
): Promise<Result> {
  const client = await ControlClient.open(path);
  try {
    return await act(client);
  } finally {
    client.close();
  }
}

function hungUp(): NotRunningError {
  return new NotRunningError('The agent ended, or cut the connection, before it had answered.');
}

function unreachable(path: string, { code, message }: NodeJS.ErrnoException): Error {
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new NotRunningError(
        `The agent is not running: nobody answers at ${path}. Start it with \`systemctl start portcullis\` or \`portcullis run\`.`,
      );
    case 'EACCES':
    case 'EPERM':
      return new RefusedError('not-permitted', `Only root may ask the agent at ${path}.`);
    default:
      return new NotRunningError(`The agent cannot be reached at ${path}: ${message}.`);
  }
}
