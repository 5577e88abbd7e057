/** What the kernel itself counts, read at every scrape. It includes what was lost on the way to user space. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { CounterName, KernelSession } from '../kernel/types.js';

/** What metrics read of the kernel. */
export type KernelFacts = Pick<KernelSession, 'choice' | 'counters' | 'programs' | 'rings' | 'memory'>;

interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** A metric that is one kernel counter. */
const single: readonly { name: string; help: string; counter: CounterName }[] = [
  {
    name: 'execs_total',
    help: 'Execs that were decided at the exec itself; refused ones do not get there.',
    counter: 'exec',
  },
  { name: 'unseen_total', help: 'Execs that the kernel never asked about.', counter: 'unseen' },
  {
    name: 'stage1_decisions_total',
    help: 'Decisions before the exec, one for each program of a chain of interpreters.',
    counter: 'stage1',
  },
];

/** A metric with one label, each of whose values is one kernel counter. */
const labelled: readonly {
  name: string;
  help: string;
  label: string;
  values: Readonly<Record<string, CounterName>>;
}[] = [
  {
    name: 'kernel_verdicts_total',
    help: 'Verdicts as the kernel counts them, including those whose records were lost.',
    label: 'verdict',
    values: {
      refuse: 'refused',
      kill: 'killed',
      report: 'reported',
      unknown: 'unknown',
      unseen: 'unseen',
      protected: 'protected',
      would: 'would',
    },
  },
  {
    name: 'spared_total',
    help: 'Execs that an enforcing rule did not act on, by reason.',
    label: 'reason',
    values: { protected: 'protected', breaker: 'breaker', outside_canary: 'canary' },
  },
  {
    name: 'lineage_lost_total',
    help: 'Forks and execs after which it is not known what a process descends from.',
    label: 'reason',
    values: { no_memory: 'uninherited' },
  },
  {
    name: 'records_lost_total',
    help: 'Records that never reached user space, by reason.',
    label: 'reason',
    values: { verdict_ring_full: 'lost_verdict', report_ring_full: 'lost_report' },
  },
  {
    name: 'facts_unread_total',
    help: 'Facts of an exec that could not be read, by reason: rules on them were unknown.',
    label: 'reason',
    values: { abstained: 'abstained', unread: 'unread', no_memory: 'no_memory', long_path: 'long_path' },
  },
];

export function registerKernelMetrics(registry: Registry, session: KernelFacts): void {
  for (const { name, help, counter } of single) {
    counted(registry, name, help, [], () => [{ labels: {}, value: Number(session.counters()[counter] ?? 0n) }]);
  }
  for (const { name, help, label, values } of labelled) {
    counted(registry, name, help, [label], () => {
      const counters = session.counters();
      return Object.entries(values).map(([value, counter]) => ({
        labels: { [label]: value },
        value: Number(counters[counter] ?? 0n),
      }));
    });
  }
  registerPrograms(registry, session);
  registerMemory(registry, session);
}

function registerPrograms(registry: Registry, session: KernelFacts): void {
  const each = (read: (program: ReturnType<KernelSession['programs']>[number]) => number) => () =>
    session.programs().map((program) => ({ labels: { program: program.name }, value: read(program) }));
  const labels = ['program'];
  counted(
    registry,
    'program_run_seconds_total',
    'Time spent in each kernel program; 0 where the kernel does not account it (kernel.bpf_stats_enabled).',
    labels,
    each(({ runTimeNs }) => Number(runTimeNs) / 1e9),
  );
  counted(
    registry,
    'program_runs_total',
    'Runs of each kernel program; 0 where the kernel does not account them.',
    labels,
    each(({ runCount }) => Number(runCount)),
  );
  counted(
    registry,
    'program_recursion_misses_total',
    'Runs that the kernel skipped because the program was running already on that CPU.',
    labels,
    each(({ recursionMisses }) => Number(recursionMisses)),
  );
  measured(
    registry,
    'program_verified_instructions',
    'Instructions the verifier walked to accept each kernel program.',
    labels,
    each(({ verifiedInstructions }) => verifiedInstructions),
  );
}

function registerMemory(registry: Registry, session: KernelFacts): void {
  const each = (read: (ring: ReturnType<KernelSession['rings']>[number]) => number) => () =>
    session.rings().map((ring) => ({ labels: { ring: ring.name }, value: read(ring) }));
  measured(
    registry,
    'ring_size_bytes',
    'Capacity of each ring.',
    ['ring'],
    each(({ size }) => size),
  );
  measured(
    registry,
    'ring_bytes',
    'Bytes in each ring that were not acknowledged yet.',
    ['ring'],
    each(({ produced, consumed }) => Number(produced - consumed)),
  );
  measured(registry, 'kernel_memory_bytes', 'Kernel memory of each map.', ['map'], () =>
    session.memory().map(({ name, bytes }) => ({ labels: { map: name }, value: bytes })),
  );
}

function counted(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[],
): void {
  new Counter({
    name: `portcullis_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.inc(labels, value);
    },
  });
}

function measured(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[],
): void {
  new Gauge({
    name: `portcullis_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
}
