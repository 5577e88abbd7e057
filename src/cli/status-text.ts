/** A status report for people. */
import { hostPolicies } from '../agent/package.js';
import type { Style } from '../policy/index.js';
import type { RuleReport, SelfProtectionReport, StatusReport } from '../telemetry/control/reports.js';
import { count, table } from './output.js';
import { rolloutRows } from './rollout-text.js';
import { bytesText, durationText, printable } from './words.js';

/** Lines without a line break at the end. */
export function statusText(report: StatusReport, style: Style): string {
  const rows = [
    ['agent', `${report.version}, ${phaseText(report)} for ${durationText(report.uptimeSeconds)}, pid ${report.pid}`],
    ['enforcement', enforcementText(report, style)],
    ['tier', report.tier.name],
    ...report.tier.cannot.map((sentence) => ['', style.warning(sentence)]),
    ['image', imageText(report)],
    ...reloadRows(report, style),
    ...safetyRows(report, style),
    ...rolloutRows(report.rollout, style),
    ['execs', `${report.execs} decided`],
    ['verdicts', numbers(report.verdicts) || 'none'],
    ['lost', lostText(report, style)],
    ['lag', lagText(report)],
    [
      'memory',
      `${bytesText(report.memory.residentBytes)} resident, ${bytesText(report.memory.kernelBytes)} in the kernel`,
    ],
    ['metrics', `${report.url}/metrics`],
    ['rules', rulesText(report.rules)],
  ];
  return `${table(rows)}\n\n${ruleTable(report.rules, style)}`;
}

function phaseText({ phase }: StatusReport): string {
  return phase === 'off' ? 'switched off' : phase;
}

function enforcementText({ enforcement }: StatusReport, style: Style): string {
  if (enforcement.is === 'on') return 'on';
  return style.error(`off since ${enforcement.since}, by ${printable(enforcement.by)}: nothing is decided`);
}

function imageText({ image }: StatusReport): string {
  if (image === undefined) return 'none';
  return `${image.hash.slice(0, 16)}, generation ${image.generation}, ${bytesText(image.bytes)}, since ${image.activatedAt}`;
}

function reloadRows({ lastReload, policyErrors }: StatusReport, style: Style): string[][] {
  const rows: string[][] = [];
  if (lastReload !== undefined)
    rows.push(['last reload', lastReload === 'done' ? lastReload : style.warning(lastReload)]);
  if (policyErrors > 0)
    rows.push(['policy', style.error(`${count(policyErrors, 'error')}; see portcullis policy check ${hostPolicies}`)]);
  return rows;
}

function safetyRows({ safety }: StatusReport, style: Style): string[][] {
  if (safety === undefined) return [];
  const { protectedFiles, breakerLimit, tripped, canary, selfProtection } = safety;
  const rows = [['protected', count(protectedFiles, 'file')]];
  if (canary !== undefined) {
    const where = `rules act in the cgroup ${printable(canary.cgroup)} alone`;
    rows.push([
      'canary',
      canary.found ? style.warning(where) : style.error(`${where}, which does not exist: they act nowhere`),
    ]);
  }
  const limit = breakerLimit === 0 ? 'off' : `trips at ${count(breakerLimit, 'established program')}`;
  rows.push(['breaker', limit]);
  if (selfProtection !== undefined) rows.push(['agent itself', selfProtectionText(selfProtection, style)]);
  for (const { rule, executables } of tripped) {
    rows.push(['', style.error(`${printable(rule)} has tripped: it acted on ${executables}, and does so no more`)]);
  }
  return rows;
}

function selfProtectionText(report: SelfProtectionReport, style: Style): string {
  switch (report.is) {
    case 'off':
      return 'not protected';
    case 'on':
      return report.attempts === 0 ? 'protected' : style.warning(`protected, ${count(report.attempts, 'attempt')}`);
    case 'unlocked':
      return style.warning(`unlocked for ${count(report.seconds, 'second')}, ${count(report.attempts, 'attempt')}`);
  }
}

function lostText({ lost }: StatusReport, style: Style): string {
  const text = numbers(lost);
  return text === '' ? 'nothing' : style.error(text);
}

function lagText({ lag }: StatusReport): string {
  const share = lag.ringSizeBytes === 0 ? 0 : (100 * lag.ringBytes) / lag.ringSizeBytes;
  return `${count(lag.records, 'record')} on the way, rings ${share.toFixed(1)} % full, ${bytesText(lag.logBytes + lag.journalBytes)} before the log`;
}

/** Those that are not 0. */
function numbers(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([name, number]) => `${name} ${number}`)
    .join(', ');
}

function rulesText(rules: readonly RuleReport[]): string {
  const enforcing = rules.filter(({ mode }) => mode === 'enforce').length;
  return `${enforcing} enforce, ${rules.length - enforcing} monitor`;
}

const placeWords: Readonly<Record<string, string>> = {
  'kernel-before-exec': 'kernel, before the exec',
  'kernel-at-exec': 'kernel, at the exec',
  'user-space': 'user space, after the event',
  waiting: 'nowhere yet',
};

function ruleTable(rules: readonly RuleReport[], style: Style): string {
  const rows = rules.map(({ id, mode, policyMode, place, matches, policy }) => [
    printable(id),
    mode === policyMode ? mode : `${mode} (policy: ${policyMode})`,
    placeWords[place] ?? place,
    String(matches),
    printable(policy),
  ]);
  const [heading, ...lines] = table([['RULE', 'MODE', 'DECIDES', 'EVENTS', 'POLICY'], ...rows]).split('\n');
  return [style.strong(heading!), ...lines].join('\n');
}
