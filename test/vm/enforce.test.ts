// The real agent on real kernels, tier by tier: what a policy names never reaches its first instruction, what it does not name
// runs, and without the agent everything runs.
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import type { TierName } from '../../src/kernel/types.js';
import { type Case, cases, expectedUnder, type RuleId } from './enforce/cases.js';
import { type Attempt, type Findings, runTiers } from './enforce/run.js';
import { onEachKernel } from './guest.js';

const tiers: readonly TierName[] = ['lsm', 'fmod_ret', 'kprobe', 'tracepoint'];
const hookTime = 600_000;

/** What a reader of the log would call the outcome of the attempt. */
function verdictsFor(attempt: Attempt, rule: RuleId | undefined): string[] {
  switch (attempt.outcome) {
    case 'refused':
      return ['refuse'];
    case 'killed':
      return ['kill'];
    default:
      return rule === 'watch' ? ['report'] : [];
  }
}

function sumOf(metrics: ReadonlyMap<string, number>, start: string): number {
  return [...metrics].filter(([name]) => name.startsWith(start)).reduce((sum, [, value]) => sum + value, 0);
}

onEachKernel((kernel) => {
  let findings: Findings;

  beforeAll(async () => {
    findings = await runTiers(kernel, tiers);
  }, hookTime);

  describe('without the agent', () => {
    it.each(cases)('$id runs', ({ id }: Case) => {
      expect(findings.attempt('without', id)).toMatchObject({ outcome: 'ran', status: 0, started: 1 });
    });

    it('the arguments of the pool cases do arrive', () => {
      for (const { id, rule } of cases.filter(({ rule }) => rule === 'pool_url'))
        expect({ rule, ...findings.attempt('without', id) }).toMatchObject({ marked: 1 });
    });

    it('the races get through', () => {
      for (const race of findings.races('without')) expect(race.matching).toBeGreaterThan(0);
    });
  });

  describe.each(tiers)('tier %s', (tier) => {
    const refuses = tier === 'lsm' || tier === 'fmod_ret';
    const eventsOf = (pid: number): EventJson[] =>
      findings.events(tier).filter(({ process, portcullis }) => process.pid === pid && portcullis.generation === 2);

    it('says which tier it is, and has proved it', () => {
      const log = findings.log(tier);
      expect(log.find(({ msg }) => msg === 'tier')).toMatchObject({ tier });
      expect(log.find(({ msg }) => msg === 'self-test')).toMatchObject({ outcome: refuses ? 'refused' : 'killed' });
    });

    it.each(cases)('$id', (tried: Case) => {
      const attempt = findings.attempt(`with ${tier}`, tried.id);
      const expected = expectedUnder(tier, tried);
      if (expected === 'ran') {
        expect(attempt).toMatchObject({ outcome: 'ran', status: 0, started: 1 });
      } else {
        expect(attempt.started).toBe(0);
        expect(attempt.outcome).toBe(expected);
        if (attempt.outcome === 'killed') expect(attempt.signal).toBe(tried.signal ?? 9);
      }
    });

    it('logs each stopped or watched program with its rule, and no other', () => {
      for (const { id, rule, ...tried } of cases) {
        const attempt = findings.attempt(`with ${tier}`, id);
        const logged = eventsOf(attempt.pid).map(({ agent, portcullis }) => ({
          id,
          rule: agent.rule_id,
          verdict: portcullis.verdict,
        }));
        const missed = expectedUnder(tier, { id, ...tried }) === 'ran' && tried.expected !== 'ran';
        const named = missed ? undefined : rule;
        expect(logged).toEqual(verdictsFor(attempt, named).map((verdict) => ({ id, rule: named, verdict })));
      }
    });

    it('lets no raced program start with the argument that is named', () => {
      const races = findings.races(`with ${tier}`);
      expect(races).toHaveLength(2);
      for (const { tries, refused, killed, ran, matching, failed } of races) {
        expect({ tries, matching, failed, all: refused + killed + ran }).toEqual({
          tries: 200,
          matching: 0,
          failed: 0,
          all: 200,
        });
        // nobody can write to what is judged, so before the exec is early enough
        expect(refuses ? refused : killed).toBeGreaterThan(0);
        expect(refuses ? killed : refused).toBe(0);
        expect(ran).toBeGreaterThan(0);
      }
    });

    it('counts what it did', () => {
      const metrics = findings.metrics(tier);
      const attempts = cases.map(({ id }) => findings.attempt(`with ${tier}`, id));
      const races = findings.races(`with ${tier}`);
      const count = (outcome: 'refused' | 'killed') =>
        attempts.filter((attempt) => attempt.outcome === outcome).length +
        races.reduce((sum, race) => sum + race[outcome], 0);
      expect(metrics.get('portcullis_kernel_verdicts_total{verdict="refuse"}')).toBe(count('refused'));
      expect(metrics.get('portcullis_kernel_verdicts_total{verdict="kill"}')).toBe(count('killed'));
      expect(metrics.get('portcullis_kernel_verdicts_total{verdict="report"}')).toBe(1);
      expect(metrics.get('portcullis_rule_matches_total{rule="watch",verdict="report"}')).toBe(1);
      expect(sumOf(metrics, 'portcullis_records_lost_total')).toBe(0);
      expect(metrics.get('portcullis_unseen_total')).toBe(0);
      expect(metrics.get(`portcullis_tier_info{tier="${tier}"}`)).toBe(1);
    });

    it('keeps the old policy when the new one does not load', () => {
      const stopped = expectedUnder(tier, { ...cases[0]!, expected: 'refused' });
      expect(findings.attempt(`kept ${tier}`, 'pool')).toMatchObject({ outcome: stopped, started: 0 });
      expect(findings.attempt(`kept ${tier}`, 'new')).toMatchObject({ outcome: 'ran' });
      const refusal = findings.log(tier).filter(({ msg }) => msg === 'reload-refused');
      expect(refusal).toHaveLength(1);
      expect(refusal[0]!.level).toBe('error');
    });

    it('swaps to a new policy that loads', () => {
      const stopped = expectedUnder(tier, { ...cases[0]!, expected: 'refused' });
      expect(findings.attempt(`swapped ${tier}`, 'pool')).toMatchObject({ outcome: 'ran' });
      expect(findings.attempt(`swapped ${tier}`, 'new')).toMatchObject({ outcome: stopped, started: 0 });
    });

    it('detaches on SIGTERM, having lost nothing', () => {
      expect(findings.agentStatus(tier)).toBe(0);
      expect(findings.attempt(`stopped ${tier}`, 'pool')).toMatchObject({ outcome: 'ran' });
      expect(findings.attempt(`stopped ${tier}`, 'new')).toMatchObject({ outcome: 'ran' });
      const last = findings.log(tier).at(-1)!;
      expect(last).toMatchObject({ msg: 'stopped', level: 'info' });
      expect(last.lost).toEqual({ verdicts: 0, reports: 0, undelivered: 0 });
      expect(findings.log(tier).filter(({ msg }) => msg === 'delivery-failed')).toEqual([]);
      expect(findings.lines(`errors ${tier}`)).toEqual([]);
    });
  });
});
