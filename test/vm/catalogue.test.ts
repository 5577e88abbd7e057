// The bypass catalogue on real kernels: each trick of docs/catalogue.yaml, first without the agent and then with it, in the same virtual
// machine, with a control that nobody minds. `npm run catalogue` compares what these tests say in their `meta` with the catalogue.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tried } from '../../scripts/lib/catalogue/check.mjs';
import { type Entry, readTable } from '../../scripts/lib/catalogue/table.mjs';
import { type Findings, parkedCallers, runTricks } from './catalogue/run.js';
import { tricks } from './catalogue/tricks.js';
import { onEachKernel } from './guest.js';

declare module 'vitest' {
  interface TaskMeta {
    catalogue?: Tried;
  }
}

const hookTime = 600_000;

const catalogue = readTable(readFileSync(new URL('../../docs/catalogue.yaml', import.meta.url), 'utf8'));
const entries = catalogue.flatMap((group) => group.entries).filter(({ test }) => test === 'test/vm/catalogue.test.ts');

describe('the catalogue and its tricks', () => {
  it('have the same ids', () => {
    expect(tricks.map(({ id }) => id).sort()).toEqual(entries.map(({ id }) => id).sort());
  });
});

onEachKernel((kernel) => {
  let findings: Findings;

  beforeAll(async () => {
    findings = await runTricks(kernel);
  }, hookTime);

  const trickOf = (entry: Entry) => tricks.find(({ id }) => id === entry.id)!;

  describe.each(entries.filter(({ kernels }) => kernels?.includes(kernel)))('$id', (entry) => {
    it(entry.status, ({ task }) => {
      const trick = trickOf(entry);
      const without = findings.evidence('without', trick);
      const under = findings.evidence('with', trick);
      task.meta.catalogue = { id: entry.id, kernel, without: without.named, controls: under.control };
      const seen = JSON.stringify({ without, under });
      switch (entry.status) {
        case 'blocked':
          expect(without.named, seen).toBeGreaterThan(0);
          expect(without.control, seen).toBeGreaterThanOrEqual(without.controlTries);
          expect(under.control, seen).toBe(without.control);
          expect(under.named, seen).toBe(0);
          return;
        case 'not-blocked':
          expect(under.named, seen).toBeGreaterThan(0);
          return;
        case 'out-of-scope':
          expect(without.named, seen).toBe(0);
          return;
      }
    });
  });

  it('gets the best tier', () => {
    expect(findings.metric('portcullis_tier_info{tier="lsm"}')).toBe(1);
  });

  it('loses and counts the records for which the ring had no room', () => {
    const lost = findings.metric('portcullis_records_lost_total{reason="verdict_ring_full"}');
    expect(lost).toBeGreaterThan(0);
  });

  it('stops while callers wait in the middle of an exec', () => {
    expect(findings.stop().status).toBe(1); // records were lost, see above
    // those that nobody minds waited, and ran when it had gone
    expect(findings.evidence('with', { kind: 'staged', id: 'parked-while-detaching' }).control).toBe(parkedCallers);
  });
});
