/** How far a fleet is, by one query to a Prometheus that scrapes its hosts. */
import { z } from 'zod';
import { FetchError } from './errors.js';
import { HttpSource } from './follower/source.js';
import { applyStates } from './follower/status.js';

/** Hosts by policy, release, the stage that reaches them, and state. */
export const fleetQuery = 'sum by (policy, release, rollout_stage, state) (portcullis_rollout_target)';

export interface FleetRow {
  readonly policy: string;
  readonly release: number;
  readonly stage: number;
  readonly state: (typeof applyStates)[number];
  readonly hosts: number;
}

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.object({
          policy: z.string(),
          release: z.coerce.number(),
          rollout_stage: z.coerce.number(),
          state: z.enum(applyStates),
        }),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

const limit = 16 * 1024 * 1024;

/** Rejects with a FetchError. */
export async function fetchFleet(prometheus: string): Promise<FleetRow[]> {
  const source = new HttpSource({ url: prometheus, userAgent: 'portcullis' });
  try {
    const answer = await source.get(`api/v1/query?query=${encodeURIComponent(fleetQuery)}`, { limit });
    const bytes = answer.outcome === 'file' ? answer.bytes : Buffer.alloc(0);
    const read = answerSchema.safeParse(parse(bytes));
    if (!read.success) throw new FetchError('http-status', `${prometheus} does not answer as a Prometheus does.`);
    return read.data.data.result
      .map(({ metric: { rollout_stage: stage, ...rest }, value }) => ({ ...rest, stage, hosts: Number(value[1]) }))
      .filter(({ hosts }) => hosts > 0);
  } finally {
    await source.close();
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
