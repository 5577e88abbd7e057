/**
 * Files of the repository over HTTP: bounded in size and time, conditional, through a proxy and with authorities of one's
 * own where asked for, and never from anywhere else than where the configuration says: redirects are not followed.
 */
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { FetchError } from '../errors.js';
import { limits } from '../limits.js';

export interface SourceOptions {
  /** `https://host/path`, without query. */
  readonly url: string;
  readonly proxy?: string | undefined;
  /** Certificates in PEM that take the place of those the system trusts. */
  readonly ca?: string | undefined;
  readonly userAgent: string;
  /** Milliseconds; shorter in tests. */
  readonly headersTime?: number;
  readonly requestTime?: number;
}

export type Answer =
  /** The server says that the file is what the etag stands for. */
  { readonly outcome: 'unchanged' } | { readonly outcome: 'file'; readonly bytes: Buffer; readonly etag?: string };

export class HttpSource {
  readonly url: string;
  readonly #dispatcher: Dispatcher;
  readonly #userAgent: string;
  readonly #headersTime: number;
  readonly #requestTime: number;
  /** Bytes of bodies that were received. */
  received = 0;

  constructor({ url, proxy, ca, userAgent, headersTime, requestTime }: SourceOptions) {
    this.url = url.replace(/\/+$/, '');
    this.#userAgent = userAgent;
    this.#headersTime = headersTime ?? limits.headersTime.value;
    this.#requestTime = requestTime ?? limits.requestTime.value;
    const tls = ca === undefined ? {} : { ca };
    const connect = { ...tls, timeout: this.#headersTime };
    this.#dispatcher =
      proxy === undefined
        ? new Agent({ connect })
        : new ProxyAgent({ uri: proxy, requestTls: connect, proxyTls: connect, proxyTunnel: url.startsWith('https:') });
  }

  /** Gets a file below the URL. Rejects with a FetchError. */
  async get(
    path: string,
    { limit, etag, signal }: { limit: number; etag?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<Answer> {
    const url = `${this.url}/${path}`;
    const deadline = AbortSignal.timeout(this.#requestTime);
    const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.#dispatcher,
        signal: stop,
        headersTimeout: this.#headersTime,
        bodyTimeout: this.#requestTime,
        headers: { 'user-agent': this.#userAgent, ...(etag !== undefined && { 'if-none-match': etag }) },
      });
      // What goes wrong with a body that nobody reads is no news.
      body.on('error', () => {});
      if (statusCode === 304 && etag !== undefined) {
        await body.dump();
        return { outcome: 'unchanged' };
      }
      if (statusCode !== 200) {
        body.destroy();
        throw statusError(url, statusCode, headers['retry-after']);
      }
      if (Number(headers['content-length'] ?? 0) > limit) {
        body.destroy();
        throw tooLarge(url, limit);
      }
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body) {
        const bytes = chunk as Buffer;
        size += bytes.length;
        this.received += bytes.length;
        // Leaving the loop destroys the stream and with it the connection.
        if (size > limit) throw tooLarge(url, limit);
        chunks.push(bytes);
      }
      const tag = headers.etag;
      return { outcome: 'file', bytes: Buffer.concat(chunks), ...(typeof tag === 'string' && { etag: tag }) };
    } catch (error) {
      throw error instanceof FetchError ? error : transportError(url, error, deadline.aborted);
    }
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

function statusError(url: string, status: number, retryAfter: string | string[] | undefined): FetchError {
  if (status >= 300 && status < 400 && status !== 304) {
    return new FetchError('redirect', `${url} answers with a redirect (${status}); they are not followed.`, { status });
  }
  const wait = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined);
  return new FetchError('http-status', `${url} answers with status ${status}.`, { status, retryAfter: wait });
}

/** Milliseconds; undefined when the header says nothing that can be read. */
export function parseRetryAfter(text: string | undefined, now: number = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(limits.retryAfter.value, Math.max(0, wait));
}

function tooLarge(url: string, limit: number): FetchError {
  return new FetchError('oversized', `${url} is larger than ${limit} bytes.`);
}

function transportError(url: string, error: unknown, late: boolean): FetchError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (late || /TIMEOUT|TIMEDOUT/.test(code)) return new FetchError('timeout', `${url} takes too long: ${message}.`);
  if (['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_SOCKET'].includes(code) || message === 'terminated') {
    return new FetchError('truncated', `${url} ended before its end: ${message}.`);
  }
  return new FetchError('unreachable', `Cannot get ${url}: ${code === '' ? message : `${message} (${code})`}.`);
}
