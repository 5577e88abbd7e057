/** docs/metrics.md, made from the metrics themselves. */
import { limits } from './limits.js';
import { Metrics } from './metrics.js';

export interface MetricFacts {
  name: string;
  type: string;
  help: string;
  labels: readonly string[];
}

/** What the values of a label are, and how many of them there can be. */
const labelFacts: Readonly<Record<string, { is: string; atMost: string }>> = {
  verdict: { is: 'the verdict of an event, as in [events.md](events.md)', atMost: '8' },
  stage: { is: '`refuse`, `kill`, `unseen`, `sweep` or `exit`', atMost: '5' },
  rule: { is: 'id of a rule', atMost: `${limits.ruleLabels.value}, and \`other\` for all further ones` },
  action: { is: '`deny` or `kill`', atMost: '2' },
  status: { is: 'what became of an action, as in [events.md](events.md)', atMost: '11' },
  result: { is: '`done`, `partial` or `refused`', atMost: '3' },
  tier: { is: 'the tier in use', atMost: '1' },
  hash: { is: 'SHA-256 of the policy image in force', atMost: '1' },
  generation: { is: 'number of the image in force', atMost: '1' },
  version: { is: 'of the agent', atMost: '1' },
  place: { is: 'where rules decide, as `portcullis policy explain` says it', atMost: '4' },
  severity: { is: '`error` or `warning`', atMost: '2' },
  reason: { is: 'why, as the help of the metric tells', atMost: '4' },
  program: { is: 'a kernel program', atMost: '20' },
  ring: { is: '`verdicts` or `reports`', atMost: '2' },
  policy: { is: 'name of a distributed policy', atMost: '100' },
  release: { is: 'number of its release', atMost: '2 a policy' },
  rollout_stage: { is: 'stage of the release that reaches this host, from 0', atMost: '1 a release' },
  state: { is: '`pending`, `shadow`, `active`, `refused` or `error`', atMost: '1 a release' },
  role: { is: '`root`, `targets`, `snapshot` or `timestamp`', atMost: '4' },
  poll: { is: '`unchanged`, `updated` or `failed`', atMost: '3' },
  problem: { is: 'a reason, as in [rollout.md](rollout.md)', atMost: '16' },
  hook: { is: 'hook of the kernel at which an attempt on the agent was stopped', atMost: '18' },
  map: { is: 'a map of the kernel programs', atMost: '20' },
};

const introduction = `# Metrics

This page is made by \`portcullis metrics --doc\`; \`portcullis metrics\` prints the values of the running agent.

\`GET /metrics\` on the address of \`listen\` answers in the Prometheus text format, besides the usual \`process_\` and \`nodejs_\` metrics of a Node
program. Units are seconds and bytes; what ends in \`_total\` only grows, from 0 at the agent's start. What the kernel counts is read from it at
each scrape. [deploy/prometheus](../deploy/prometheus) has alert rules over these, [deploy/grafana](../deploy/grafana) a dashboard.

The number of time series is bounded: every label has a limited set of values, and nothing that an attacker chooses (paths, arguments, names)
is ever one.

| metric | type | labels | meaning |
|---|---|---|---|
`;

/** The page, with a line break at its end. */
export function metricsPage(): string {
  const metrics = allMetrics();
  const rows = metrics.map(({ name, type, labels, help }) => {
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |\n`;
  });
  const used = [...new Set(metrics.flatMap(({ labels }) => labels))];
  const labels = used.map((label) => `| \`${label}\` | ${labelFacts[label]!.is} | ${labelFacts[label]!.atMost} |\n`);
  return `${introduction}${rows.join('')}\n## Labels\n\n| label | is | values at most |\n|---|---|---|\n${labels.join('')}`;
}

/** Every metric of our own, by name. Throws TypeError for a label that nobody has described. */
export function allMetrics(): readonly MetricFacts[] {
  const metrics = new Metrics('');
  metrics.watchLog({ pendingBytes: 0, failures: 0 });
  metrics.watchRules({ counts: { unset: 0, forgotten: 0, bytes: 0 } });
  metrics.watchKernel({
    choice: { tier: 'lsm', cannot: [], refused: [] },
    counters: () => ({}),
    programs: () => [],
    rings: () => [],
    memory: () => [],
  });
  metrics.watchRollout({ configured: false, status: () => undefined });
  metrics.watchJournal({
    counts: { failures: 0, unwritten: 0, overtaken: 0, damaged: 0, bytes: 0, segments: 0, undelivered: 0 },
  });
  metrics.watchBreaker(() => []);
  metrics.watchSelfProtection({ status: { is: 'off' }, attempts: () => ({}), lost: () => 0n });
  const own = metrics.describe().filter(({ name }) => name.startsWith('portcullis_'));
  for (const { name, labels } of own) {
    const strange = labels.find((label) => labelFacts[label] === undefined);
    if (strange !== undefined) throw new TypeError(`the label ${strange} of ${name} is not described`);
  }
  return own.sort((a, b) => (a.name < b.name ? -1 : 1));
}
