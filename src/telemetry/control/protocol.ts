/**
 * What is said over the control socket: one JSON object a line, in both directions. A request has one answer, or a stream of
 * them that an `end` closes.
 */
import { z } from 'zod';
import { limits } from './limits.js';

const verdicts = ['none', 'report', 'refuse', 'kill', 'unknown', 'unseen', 'protected', 'would'] as const;
export const eventVerdicts: readonly string[] = verdicts;

const filter = {
  /** Only events in which this rule holds or is unknown. */
  rule: z.string().min(1).max(256).optional(),
  verdict: z.enum(verdicts).optional(),
  /** Milliseconds since the epoch. */
  since: z.int().min(0).optional(),
};

export const requestSchema = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('status') }),
  z.strictObject({ verb: z.literal('top') }),
  z.strictObject({ verb: z.literal('processes') }),
  z.strictObject({ verb: z.literal('metrics') }),
  /** Recent events, oldest first. */
  z.strictObject({ verb: z.literal('events'), ...filter }),
  /** The same, and then each new one, until the client leaves. */
  z.strictObject({ verb: z.literal('follow'), ...filter }),
  z.strictObject({ verb: z.literal('off') }),
  z.strictObject({ verb: z.literal('on') }),
  z.strictObject({
    verb: z.literal('rule'),
    rule: z.string().min(1).max(256),
    /** `policy`: as its policy says. */
    mode: z.enum(['monitor', 'enforce', 'policy']),
  }),
  z.strictObject({ verb: z.literal('reload') }),
  /** Nobody is kept from the agent for so long; 0 ends that. */
  z.strictObject({ verb: z.literal('unlock'), seconds: z.int().min(0).max(limits.unlockTime.value) }),
]);

export type Request = z.output<typeof requestSchema>;
export type EventFilter = Omit<Extract<Request, { verb: 'events' }>, 'verb'>;
export type WantedMode = Extract<Request, { verb: 'rule' }>['mode'];

/** One line from the agent. */
export type Answer =
  /** The whole answer. */
  | { answer: 'result'; result: unknown }
  /** One of many. */
  | { answer: 'item'; item: unknown }
  /** The client was too slow for so many items. */
  | { answer: 'lost'; count: number }
  /** After the last item. */
  | { answer: 'end' }
  | { answer: 'error'; code: string; message: string };

/** Something the client is told: a stable code and a sentence. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Reads one line. Throws ControlError. */
export function parseRequest(line: Uint8Array): Request {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    throw new ControlError('request-json', 'A request is one line of JSON in UTF-8.');
  }
  const result = requestSchema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const place = path.length === 0 ? '' : `${path.map(String).join('.').slice(0, 100)}: `;
  throw new ControlError('request-schema', `This is no request: ${place}${message.slice(0, 500)}.`);
}

/** Cuts a stream of bytes into lines of at most `limits.requestBytes`. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);

  /** The lines that are complete now. Throws ControlError `request-too-large`, and takes nothing more then. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let at = data.indexOf(0x0a); at >= 0; at = data.indexOf(0x0a)) {
      lines.push(this.#checked(data.subarray(0, at)));
      data = data.subarray(at + 1);
    }
    this.#rest = this.#checked(data);
    return lines;
  }

  #checked(line: Buffer): Buffer {
    if (line.length <= limits.requestBytes.value) return line;
    throw new ControlError('request-too-large', `A request has at most ${limits.requestBytes.value} bytes.`);
  }
}
