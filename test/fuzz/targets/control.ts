import { ControlError, LineCutter, parseRequest, requestSchema } from '../../../src/telemetry/control/protocol.js';
import type { Random } from '../../property/random.js';
import { mutate } from '../mutate.js';
import type { Target } from '../targets.js';
import { promise } from './promises.js';

/** What clients of the control socket say when they mean well. */
export const requests: readonly string[] = [
  '{"verb":"status"}',
  '{"verb":"top"}',
  '{"verb":"processes"}',
  '{"verb":"metrics"}',
  '{"verb":"events","rule":"miner","verdict":"refuse","since":1767225600000}',
  '{"verb":"follow","verdict":"kill"}',
  '{"verb":"off"}',
  '{"verb":"on"}',
  '{"verb":"rule","rule":"miner","mode":"monitor"}',
  '{"verb":"reload"}',
];

/** However the bytes are cut into pieces, the lines are the same; each is a request of the schema or a ControlError. */
export const control: Target = {
  make: (random) => {
    const lines = random.list(random.between(1, 5), () => {
      const line = random.pick(requests);
      return random.chance(0.3) ? line : mutate(random, line, requests);
    });
    return lines.join('\n') + (random.chance(0.8) ? '\n' : '');
  },
  run: (input, random) => {
    const whole = linesOf(Buffer.from(input), random, 'whole');
    const pieces = linesOf(Buffer.from(input), random, 'pieces');
    promise(JSON.stringify(whole) === JSON.stringify(pieces), 'lines depend on how they come');
    for (const line of whole.lines) {
      const request = refusedOr(() => parseRequest(Buffer.from(line, 'latin1')));
      if (request !== undefined) promise(requestSchema.safeParse(request).success, 'a request that is none');
    }
  },
};

function linesOf(bytes: Buffer, random: Random, cut: 'whole' | 'pieces'): { lines: string[]; refused: boolean } {
  const cutter = new LineCutter();
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = cut === 'whole' ? 1 : random.between(1, 64);
    const taken = refusedOr(() => cutter.push(bytes.subarray(at, at + length)));
    if (taken === undefined) return { lines, refused: true };
    lines.push(...taken.map((line) => line.toString('latin1')));
    at += length;
  }
  return { lines, refused: false };
}

function refusedOr<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}
