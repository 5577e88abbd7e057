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
    .action(({ json }: { json?: true }) => {
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
