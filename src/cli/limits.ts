/** `portcullis limits`: every limit there is, with its unit and what happens past it. */
import { Command } from 'commander';
import { limits as agentLimits } from '../agent/limits.js';
import { compilerLimits } from '../compiler/limits.js';
import { limits as eventLimits } from '../events/limits.js';
import { limits as policyLimits } from '../policy/limits.js';
import { limits as rolloutLimits } from '../rollout/limits.js';
import { limits as ruleLimits } from '../rules/limits.js';
import { limits as seclLimits } from '../secl/limits.js';
import { limits as controlLimits } from '../telemetry/control/limits.js';
import { limits as telemetryLimits } from '../telemetry/limits.js';
import { print, printJson, table } from './output.js';
import type { Invocation } from './verb.js';

interface Row {
  readonly part: string;
  readonly limit: string;
  readonly value: number;
  readonly unit: string;
  readonly consequence: string;
}

export function limitsVerb({ io }: Invocation): Command {
  return new Command('limits')
    .description('print every limit, its unit and what happens past it')
    .option('--json', 'print JSON')
    .option('--markdown', 'print the page docs/limits.md')
    .action(({ json, markdown }: { json?: true; markdown?: true }) => {
      const rows: Row[] = [
        ...named('policy', policyLimits),
        ...named('secl', seclLimits),
        ...compilerLimits.map(({ name, ...limit }) => ({ part: 'compiler', limit: name, ...limit })),
        ...named('events', eventLimits),
        ...named('rules', ruleLimits),
        ...named('rollout', rolloutLimits),
        ...named('telemetry', telemetryLimits),
        ...named('control', controlLimits),
        ...named('agent', agentLimits),
      ];
      if (json) return printJson(io.stdout, rows);
      if (markdown) return void io.stdout.write(page(rows));
      const cells = rows.map((row) => [row.part, row.limit, String(row.value), row.unit, row.consequence]);
      print(io.stdout, table([['PART', 'LIMIT', 'VALUE', 'UNIT', 'PAST IT'], ...cells]));
    });
}

function named(part: string, limits: Readonly<Record<string, Omit<Row, 'part' | 'limit'>>>): Row[] {
  return Object.entries(limits).map(([limit, { value, unit, consequence }]) => ({
    part,
    limit: limit.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    value,
    unit,
    consequence,
  }));
}

/** What the parts of the table are about, in the order of the page. */
const parts: Readonly<Record<string, string>> = {
  policy: 'Policy files',
  secl: 'Expressions',
  compiler: 'What the kernel decides',
  events: 'Events and the process tree',
  rules: 'Rules in user space',
  rollout: 'Rollout',
  telemetry: 'Log, journal, metrics',
  control: 'Control socket',
  agent: 'The agent',
};

function page(rows: readonly Row[]): string {
  const line = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const sections = Object.entries(parts).map(([part, title]) => {
    const own = rows.filter((row) => row.part === part);
    const lines = own.map(({ limit, value, unit, consequence }) => line(limit, digits(value), unit, consequence));
    return [`## ${title}`, '', line('limit', 'value', 'of', 'past it'), '|---|---:|---|---|', ...lines].join('\n');
  });
  return `# Limits

This page is made by \`portcullis limits --markdown\`; \`portcullis limits\` prints the table. Nothing that grows with its input is without a limit,
and what is past one is said, not dropped in silence.

${sections.join('\n\n')}
`;
}

function digits(value: number): string {
  return value.toLocaleString('en');
}
