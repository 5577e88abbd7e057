/** Rates from two looks at the agent, and how they are shown. */
import type { Style } from '../policy/index.js';
import type { Mode } from '../policy/ruleset.js';
import type { TopReport } from '../telemetry/control/reports.js';
import { table } from './output.js';
import { printable } from './words.js';

export interface TopRates {
  seconds: number;
  execsPerSecond: number;
  verdictsPerSecond: Readonly<Record<string, number>>;
  lostPerSecond: number;
  /** The hottest first; those without an event are left out. */
  rules: readonly { id: string; mode: Mode; perSecond: number; matches: number }[];
  /** The dearest first. Undefined where the kernel does not account them. */
  programs: readonly { name: string; runsPerSecond: number; microsecondsPerRun: number }[] | undefined;
  slowest: TopReport['slowest'];
}

/** A count that shrinks is one that began anew. */
export function ratesBetween(before: TopReport, now: TopReport): TopRates {
  const seconds = (now.now - before.now) / 1_000;
  const rate = (from: number, to: number) => (seconds <= 0 ? 0 : Math.max(0, to - from) / seconds);
  const matchesBefore = new Map(before.rules.map(({ id, matches }) => [id, matches]));
  const verdicts = Object.entries(now.verdicts).map(([name, count]) => [name, rate(before.verdicts[name] ?? 0, count)]);
  const rules = now.rules.map((rule) => ({ ...rule, perSecond: rate(matchesBefore.get(rule.id) ?? 0, rule.matches) }));
  const accounted = now.programs.some(({ runs }) => runs > 0);
  return {
    seconds,
    execsPerSecond: rate(before.execs, now.execs),
    verdictsPerSecond: Object.fromEntries(verdicts) as Record<string, number>,
    lostPerSecond: rate(before.lost, now.lost),
    rules: rules
      .filter(({ matches }) => matches > 0)
      .sort((a, b) => b.perSecond - a.perSecond || b.matches - a.matches)
      .slice(0, 10),
    programs: accounted ? programRates(before, now, rate) : undefined,
    slowest: now.slowest,
  };
}

function programRates(before: TopReport, now: TopReport, rate: (from: number, to: number) => number) {
  return now.programs
    .map(({ name, runs, nanoseconds }) => {
      const earlier = before.programs.find((program) => program.name === name);
      const ran = Math.max(0, runs - (earlier?.runs ?? 0));
      const took = Math.max(0, nanoseconds - (earlier?.nanoseconds ?? 0));
      return { name, runsPerSecond: rate(0, ran), microsecondsPerRun: ran === 0 ? 0 : took / ran / 1_000 };
    })
    .sort((a, b) => b.runsPerSecond * b.microsecondsPerRun - a.runsPerSecond * a.microsecondsPerRun);
}

/** Without a line break at the end. */
export function topText(rates: TopRates, style: Style): string {
  const verdicts = Object.entries(rates.verdictsPerSecond).map(([name, number]) => `${name} ${perSecond(number)}`);
  const lost = rates.lostPerSecond > 0 ? style.error(`${perSecond(rates.lostPerSecond)} lost`) : 'nothing lost';
  return [
    `${perSecond(rates.execsPerSecond)} execs/s   ${lost}`,
    verdicts.join('  '),
    '',
    ...headed(
      ['RULE', 'MODE', 'EVENTS/S', 'EVENTS'],
      rates.rules.map(({ id, mode, perSecond: hot, matches }) => [
        printable(id),
        mode,
        perSecond(hot),
        String(matches),
      ]),
      style,
    ),
    '',
    ...programLines(rates, style),
    '',
    ...headed(
      ['SLOWEST OF A MINUTE', 'RULE', 'PROGRAM'],
      rates.slowest.map(({ milliseconds, rule, program }) => [
        `${milliseconds} ms`,
        printable(rule),
        printable(program),
      ]),
      style,
    ),
  ].join('\n');
}

function programLines({ programs }: TopRates, style: Style): string[] {
  if (programs === undefined) {
    return [style.faint('The kernel does not account run time: sysctl kernel.bpf_stats_enabled=1 turns that on.')];
  }
  const rows = programs.map(({ name, runsPerSecond, microsecondsPerRun }) => [
    name,
    perSecond(runsPerSecond),
    microsecondsPerRun.toFixed(1),
  ]);
  return headed(['KERNEL PROGRAM', 'RUNS/S', 'US/RUN'], rows, style);
}

function headed(heading: readonly string[], rows: readonly (readonly string[])[], style: Style): string[] {
  const [first, ...lines] = table([heading, ...rows]).split('\n');
  return [style.strong(first!), ...(lines.length === 0 ? [style.faint('none')] : lines)];
}

function perSecond(number: number): string {
  return number.toFixed(number < 10 ? 1 : 0);
}
