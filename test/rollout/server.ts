/** A static file server over a repository, with a place for an attacker in front of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** Answers a request itself, or leaves it to the files. */
export type Attacker = (path: string, response: ServerResponse, request: IncomingMessage) => 'answered' | 'pass';

export class FileServer {
  readonly requests: { path: string; status: number }[] = [];
  attacker: Attacker = () => 'pass';
  root: string;
  url = '';
  readonly #server: Server;

  private constructor(root: string) {
    this.root = root;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async start(root: string): Promise<FileServer> {
    const server = new FileServer(root);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}/policies`;
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The file as the repository has it. */
  file(path: string): Buffer {
    return readFileSync(join(this.root, path));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = normalize(decodeURI(request.url ?? '').replace(/^\/policies\//, ''));
    response.on('finish', () => this.requests.push({ path, status: response.statusCode }));
    if (this.attacker(path, response, request) === 'answered') return;
    let bytes: Buffer;
    try {
      bytes = this.file(path);
    } catch {
      response.writeHead(404).end();
      return;
    }
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  }
}
