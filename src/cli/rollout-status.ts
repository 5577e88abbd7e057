/** `portcullis rollout status`: what is signed, until when, and how far the fleet is. */
import { Command } from 'commander';
import { type FleetRow, fetchFleet, fleetQuery } from '../rollout/fleet.js';
import type { Release } from '../rollout/release.js';
import { roleNames } from '../rollout/repository/metadata.js';
import { Repository } from '../rollout/repository/repository.js';
import { print, printJson, table } from './output.js';
import { withHelp } from './policy-help.js';
import type { Invocation } from './verb.js';

interface Options {
  readonly prometheus?: string;
  readonly json?: true;
}

export function rolloutStatus({ io, finish }: Invocation): Command {
  const command = new Command('status')
    .description('say what is signed, until when, and with --prometheus how far the hosts are')
    .argument('<dir>', 'the repository')
    .option('--prometheus <url>', `a Prometheus that scrapes the hosts; it is asked for: ${fleetQuery}`)
    .option('--json', 'print JSON')
    .action(async (path: string, { prometheus, json }: Options) => {
      const { releases, versions, expires } = await Repository.open(path);
      const fleet = prometheus === undefined ? undefined : await fetchFleet(prometheus);
      const ended = roleNames.filter((role) => (expires[role] ?? 0) <= Date.now());
      if (ended.length > 0) finish(1);
      if (json) return printJson(io.stdout, { versions, expires, ended, releases, ...(fleet && { fleet }) });
      const signed = roleNames.map((role) => [role, String(versions[role]), until(expires[role])]);
      print(io.stdout, table([['SIGNED', 'VERSION', 'UNTIL'], ...signed]));
      print(io.stdout, '');
      const rows = releases.map((release) => rowOf(release, fleet));
      const more = fleet === undefined ? [] : ['HOSTS'];
      print(io.stdout, table([['POLICY', 'RELEASE', 'STATE', 'STAGE', 'SINCE', 'FOR', ...more], ...rows]));
    });
  return withHelp(command, {
    examples: ['portcullis rollout status repository --prometheus http://prometheus:9090'],
    status: { 0: 'every signature is good', 1: 'one has ended, or Prometheus does not answer' },
  });
}

function until(time: number | undefined): string {
  if (time === undefined) return 'not signed';
  const days = Math.floor((time - Date.now()) / 86_400_000);
  const left = days < 0 ? 'ENDED' : `${days} days left`;
  return `${new Date(time).toISOString()} (${left})`;
}

function rowOf(release: Release, fleet: readonly FleetRow[] | undefined): string[] {
  const { policy, state, stage, stages, since, hosts } = release;
  const share =
    state === 'live'
      ? '100 %'
      : state === 'retired'
        ? '-'
        : `${stage + 1}/${stages.length} ${stages[stage]?.percent} %`;
  const row = [
    policy,
    String(release.release),
    state,
    share,
    new Date(since * 1000).toISOString(),
    hosts || 'all hosts',
  ];
  if (fleet === undefined) return row;
  const counts = fleet.filter((each) => each.policy === policy && each.release === release.release);
  const states = new Map<string, number>();
  for (const { state: on, hosts: count } of counts) states.set(on, (states.get(on) ?? 0) + count);
  return [...row, [...states].map(([on, count]) => `${count} ${on}`).join(', ') || 'none'];
}
