/** /metrics, /healthz and /readyz over HTTP: GET and HEAD, and everything else is refused. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthAnswer } from './health.js';
import { limits } from './limits.js';
import type { Metrics } from './metrics.js';

export interface ListenAddress {
  /** An IP address or `localhost`. */
  host: string;
  /** 0: any free port. */
  port: number;
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'listen';
}

interface Answer {
  status: number;
  type: string;
  body: string | Buffer;
  allow?: string;
}

export class TelemetryServer {
  /** Where it listens, with the port that was chosen; where it listened, after its end. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const { address, port, family } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Resolves when the server accepts connections. Throws ListenError. */
  static async listen(
    address: ListenAddress,
    sources: { metrics: Pick<Metrics, 'text' | 'contentType'>; health: Health },
  ): Promise<TelemetryServer> {
    const shared = { metrics: new SharedText(sources.metrics), health: sources.health };
    const server = createServer(
      {
        maxHeaderSize: limits.headerBytes.value,
        headersTimeout: limits.requestTime.value,
        requestTimeout: limits.requestTime.value,
        keepAliveTimeout: limits.idleTime.value,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => void respond(request, response, shared),
    );
    server.maxConnections = limits.connections.value;
    server.maxRequestsPerSocket = limits.requestsPerConnection.value;
    // Nobody has a body to send here: whoever asks first is answered at once.
    server.on('checkContinue', (request, response) => void respond(request, response, shared));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      server.listen({ host: address.host, port: address.port }, resolve);
    });
    // An accept that fails (no descriptors left) must not end the agent; the next one may succeed.
    server.removeAllListeners('error').on('error', () => {});
    return new TelemetryServer(server);
  }

  /** Resolves when the port is free; connections are cut. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

/**
 * The text of a scrape, made once for all who ask at the same time: it takes milliseconds, and a client can ask for it a
 * thousand times in one packet. All of them are sent the same bytes.
 */
class SharedText {
  readonly #metrics: Pick<Metrics, 'text' | 'contentType'>;
  #pending: Promise<Buffer> | undefined;

  constructor(metrics: Pick<Metrics, 'text' | 'contentType'>) {
    this.#metrics = metrics;
  }

  get contentType(): string {
    return this.#metrics.contentType;
  }

  text(): Promise<Buffer> {
    this.#pending ??= this.#make();
    return this.#pending;
  }

  async #make(): Promise<Buffer> {
    try {
      return Buffer.from(await this.#metrics.text(), 'utf8');
    } finally {
      setImmediate(() => {
        this.#pending = undefined;
      });
    }
  }
}

interface Sources {
  metrics: SharedText;
  health: Health;
}

async function respond(request: IncomingMessage, response: ServerResponse, sources: Sources): Promise<void> {
  let answer: Answer;
  try {
    answer = await route(request, sources);
  } catch (error) {
    answer = text(500, `The answer could not be made: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body, 'utf8') : answer.body;
  response.statusCode = answer.status;
  response.setHeader('Content-Type', answer.type);
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (answer.allow !== undefined) response.setHeader('Allow', answer.allow);
  // What of a body the client still sends is not read: the connection ends with the answer.
  if (hasBody(request)) response.setHeader('Connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function route(request: IncomingMessage, { metrics, health }: Sources): Promise<Answer> {
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== '/metrics' && path !== '/healthz' && path !== '/readyz') return text(404, 'Not found.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...text(405, 'Only GET and HEAD.\n'), allow: 'GET, HEAD' };
  }
  switch (path) {
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    case '/healthz':
      return json(health.live());
    case '/readyz':
      return json(health.readiness());
  }
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) !== 0;
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function json({ status, body }: HealthAnswer): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}

function listenError({ host, port }: ListenAddress, error: NodeJS.ErrnoException): ListenError {
  const why =
    error.code === 'EADDRINUSE'
      ? 'the port is in use (is another agent running?)'
      : error.code === 'EACCES'
        ? 'the port needs privileges'
        : error.message;
  return new ListenError(`Cannot listen on ${host}:${port}: ${why}. Choose another with listen or --listen.`);
}
