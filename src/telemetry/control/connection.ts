/** One client of the control socket: its requests one after the other, and nothing of it that could hold up the agent. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { limits } from './limits.js';
import { type Answer, ControlError, type EventFilter, LineCutter, parseRequest, type Request } from './protocol.js';
import type { ControlTarget, Peer } from './target.js';

export class ControlConnection {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #target: ControlTarget;
  readonly #lines = new LineCutter();
  readonly #queue: Buffer[] = [];
  readonly #gone = new AbortController();
  #busy = false;
  #waiting: NodeJS.Timeout | undefined;

  constructor(socket: Socket, peer: Peer, target: ControlTarget) {
    this.#socket = socket;
    this.#peer = peer;
    this.#target = target;
  }

  /** Serves until the client leaves or has to. */
  serve(): void {
    const socket = this.#socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(this.#waiting);
      this.#gone.abort();
    });
    socket.on('data', (chunk) => this.#take(chunk));
    // The time for a request counts from here, and anew after each answer: bytes that trickle in do not lengthen it.
    this.#expectRequest();
  }

  #take(chunk: Buffer): void {
    try {
      this.#queue.push(...this.#lines.push(chunk));
      if (this.#queue.length > limits.pipelinedRequests.value) {
        const message = `At most ${limits.pipelinedRequests.value} requests may wait for their answers.`;
        throw new ControlError('too-many-requests', message);
      }
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (this.#queue.length === 0 || this.#busy) return;
    this.#socket.pause();
    void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    clearTimeout(this.#waiting);
    try {
      for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
        if (this.#gone.signal.aborted) return;
        await this.#answer(line);
      }
    } finally {
      this.#busy = false;
    }
    this.#expectRequest();
    this.#socket.resume();
  }

  #expectRequest(): void {
    clearTimeout(this.#waiting);
    if (this.#gone.signal.aborted) return;
    this.#waiting = setTimeout(() => this.#socket.destroy(), limits.requestTime.value);
  }

  async #answer(line: Buffer): Promise<void> {
    try {
      await this.#perform(parseRequest(line));
    } catch (error) {
      await this.#send({ answer: 'error', ...told(error) });
    }
  }

  async #perform(request: Request): Promise<void> {
    const target = this.#target;
    switch (request.verb) {
      case 'status':
        return this.#result(target.status());
      case 'top':
        return this.#result(target.top());
      case 'metrics':
        return this.#result(await target.metrics());
      case 'processes':
        return this.#items(target.processes());
      case 'events': {
        const { verb: _, ...filter } = request;
        return this.#lineItems(target.events(filter));
      }
      case 'follow': {
        const { verb: _, ...filter } = request;
        return this.#follow(filter);
      }
      case 'off':
        await target.off(this.#peer);
        return this.#result(target.status());
      case 'on':
        await target.on(this.#peer);
        return this.#result(target.status());
      case 'rule':
        return this.#result(await target.setMode(request.rule, request.mode, this.#peer));
      case 'unlock':
        return this.#result(target.unlock(request.seconds, this.#peer));
      case 'reload':
        return this.#result(await target.reload(this.#peer));
    }
  }

  #result(result: unknown): Promise<void> {
    return this.#send({ answer: 'result', result });
  }

  async #items(items: AsyncIterable<unknown>): Promise<void> {
    for await (const item of items) {
      await this.#send({ answer: 'item', item });
      if (this.#gone.signal.aborted) return;
    }
    await this.#send({ answer: 'end' });
  }

  async #lineItems(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      await this.#write(itemLine(line));
      if (this.#gone.signal.aborted) return;
    }
    await this.#send({ answer: 'end' });
  }

  /** What is new while the past is told waits for its turn, and what was in the past already is not told again. */
  async #follow(filter: EventFilter): Promise<void> {
    const waiting: string[] = [];
    let tell = (line: string): void => void waiting.push(line);
    const stop = this.#target.follow(filter, (line) => tell(line));
    try {
      // Who is paused does not notice that the client leaves.
      this.#socket.resume();
      const told = new LastLines();
      for await (const line of this.#target.events(filter)) {
        told.add(line);
        await this.#write(itemLine(line));
        if (this.#gone.signal.aborted) return;
      }
      tell = this.#teller();
      for (const line of waiting) if (!told.has(line)) tell(line);
      if (!this.#gone.signal.aborted) await once(this.#gone.signal, 'abort');
    } finally {
      stop();
    }
  }

  /** Tells lines without waiting for the client; what it does not take is counted and told. */
  #teller(): (line: string) => void {
    let lost = 0;
    return (line) => {
      if (this.#socket.writableLength > limits.pendingAnswer.value) {
        lost++;
        return;
      }
      if (lost > 0) this.#socket.write(lineOf({ answer: 'lost', count: lost }));
      lost = 0;
      this.#socket.write(itemLine(line));
    };
  }

  #send(answer: Answer): Promise<void> {
    return this.#write(lineOf(answer));
  }

  /** Resolves when the client has taken enough of what was written; one that takes nothing is cut off. */
  async #write(line: string): Promise<void> {
    if (this.#gone.signal.aborted || this.#socket.write(line)) return;
    const cut = setTimeout(() => this.#socket.destroy(), limits.answerTime.value);
    try {
      await once(this.#socket, 'drain', { signal: this.#gone.signal });
    } catch {
      // It has left.
    } finally {
      clearTimeout(cut);
    }
  }

  #refuse(error: unknown): void {
    clearTimeout(this.#waiting);
    this.#socket.removeAllListeners('data');
    dismiss(this.#socket, lineOf({ answer: 'error', ...told(error) }));
  }
}

/** Says a last line. What the client still sends is not read into anything, and it has to leave soon. */
export function dismiss(socket: Socket, line: string): void {
  const cut = setTimeout(() => socket.destroy(), limits.requestTime.value);
  socket.on('close', () => clearTimeout(cut));
  socket.on('error', () => {});
  socket.resume();
  socket.end(line);
}

/** The lines that were told last: a new event that is told already is among them. */
class LastLines {
  readonly #lines = new Set<string>();

  add(line: string): void {
    this.#lines.add(line);
    if (this.#lines.size > limits.overlap.value) this.#lines.delete(this.#lines.values().next().value!);
  }

  has(line: string): boolean {
    return this.#lines.has(line);
  }
}

function lineOf(answer: Answer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** An item that is JSON already. */
function itemLine(json: string): string {
  return `{"answer":"item","item":${json}}\n`;
}

function told(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
  return { code: error instanceof ControlError ? error.code : code, message: error.message };
}
