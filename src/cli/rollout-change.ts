/** `portcullis rollout add | stage | promote | pause | rollback | remove`: what becomes of releases. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../policy/duration.js';
import { whyUnreadable } from '../policy/why-unreadable.js';
import {
  addRelease,
  defaultLimit,
  defaultStages,
  pauseRelease,
  promoteRelease,
  removePolicy,
  rollbackRelease,
  stageRelease,
} from '../rollout/changes.js';
import { problemOf } from '../rollout/compatibility.js';
import { PublishError } from '../rollout/errors.js';
import type { Release, Stage } from '../rollout/release.js';
import { Repository, sha256 } from '../rollout/repository/repository.js';
import { withHelp } from './policy-help.js';
import { type ChangeOptions, collect, publishChange, wholeNumber, withChangeOptions } from './rollout-context.js';
import { type Invocation, UsageError } from './verb.js';

interface AddOptions extends ChangeOptions {
  readonly name?: string;
  readonly hosts: string;
  readonly stage?: Stage[];
  readonly limit: number;
}

const status = { 0: 'it was signed and written', 1: 'it was refused, or you said no; nothing was signed' } as const;

export function rolloutAdd({ io, finish }: Invocation): Command {
  const command = new Command('add')
    .summary('add a release of a policy; it reaches no host yet')
    .description('add a release of a policy; it reaches no host until `rollout stage` opens its first stage')
    .argument('<dir>', 'the repository')
    .argument('<file>', 'the policy')
    .option('--name <name>', "the policy's name; by default that of the file")
    .option('--hosts <labels>', 'which hosts it is for, such as `env=prod && role in [web, api]`', '')
    .option('--stage <percent:time>', 'a share of the hosts and its time on trial, such as 10:1h; repeated', stages)
    .option('--limit <n>', 'executables established on a host on which it may act', wholeNumber, defaultLimit);
  withChangeOptions(command).action(async (path: string, file: string, options: AddOptions) => {
    const repository = await Repository.open(path);
    const bytes = await readPolicy(file);
    const policy = options.name ?? basename(file).replace(/\.policy$/, '');
    const problem = problemOf([{ file, text: bytes }]);
    if (problem !== undefined) throw new PublishError('policy', `${file} is refused.\n${problem}`);
    const fresh = {
      policy,
      hosts: options.hosts,
      stages: options.stage ?? defaultStages,
      limit: options.limit,
      sha256: sha256(bytes),
      length: bytes.length,
    };
    const releases = addRelease(repository.releases, fresh, Date.now());
    const { release } = releases.at(-1)!;
    const summary = `${policy} ${release} for ${hostsOf(fresh)}, in stages of ${fresh.stages.map(tell).join(', ')}. It reaches no host until it is staged.`;
    const change = { releases, files: new Map([[fresh.sha256, bytes]]), summary, policy };
    if ((await publishChange(repository, change, options, io)) === 'declined') finish(1);
  });
  return withHelp(command, {
    examples: [
      "portcullis rollout add repository miners.policy --keys keys --hosts 'env=prod' --stage 5:1h --stage 100:10m",
    ],
    status,
  });
}

/** A verb that changes the releases of one policy. */
function changing<Options extends ChangeOptions>(
  { io, finish }: Invocation,
  command: Command,
  change: (releases: readonly Release[], policy: string, options: Options) => readonly Release[],
): Command {
  command.argument('<dir>', 'the repository').argument('<policy>', 'its name in the repository');
  withChangeOptions(command).action(async (path: string, policy: string, options: Options) => {
    const repository = await Repository.open(path);
    const releases = change(repository.releases, policy, options);
    const summary = releases
      .filter((release) => release.policy === policy && release.state !== 'retired')
      .map((release) => `${policy} ${release.release} for ${hostsOf(release)}: ${tellState(release)}.`)
      .join('\n');
    const planned = { releases, files: new Map(), summary: summary || `${policy} is gone from all hosts.`, policy };
    if ((await publishChange(repository, planned, options, io)) === 'declined') finish(1);
  });
  return withHelp(command, {
    examples: [`portcullis rollout ${command.name()} repository miners --keys keys`],
    status,
  });
}

export function rolloutStage(invocation: Invocation): Command {
  const command = new Command('stage').description(
    'open the first stage of an added release, or go on with a paused one',
  );
  return changing(invocation, command, (releases, policy) => stageRelease(releases, policy, Date.now()));
}

export function rolloutPromote(invocation: Invocation): Command {
  const command = new Command('promote')
    .description('open the next stage of a release; after the last it is live')
    .option('--early', 'also while hosts of this stage may have it on trial');
  return changing(invocation, command, (releases, policy, { early }: ChangeOptions & { early?: true }) =>
    promoteRelease(releases, policy, { now: Date.now(), early: early ? 'allow' : 'refuse' }),
  );
}

export function rolloutPause(invocation: Invocation): Command {
  const command = new Command('pause').description(
    'stop a release where it is: who enforces it keeps it, no other host gets it',
  );
  return changing(invocation, command, (releases, policy) => pauseRelease(releases, policy, Date.now()));
}

export function rolloutRollback(invocation: Invocation): Command {
  const command = new Command('rollback')
    .description('restore an earlier release, as a new one and for all its hosts at once')
    .option('--to <n>', 'the release to restore; by default the one before', wholeNumber);
  return changing(invocation, command, (releases, policy, { to }: ChangeOptions & { to?: number }) =>
    rollbackRelease(releases, policy, { now: Date.now(), ...(to !== undefined && { to }) }),
  );
}

export function rolloutRemove(invocation: Invocation): Command {
  const command = new Command('remove').description('take all releases of a policy away');
  return changing(invocation, command, (releases, policy) => removePolicy(releases, policy));
}

function stages(text: string, before: Stage[] | undefined): Stage[] {
  const [, percent, time] = /^(\d{1,3}(?:\.\d{1,2})?)%?:(\w+)$/.exec(text) ?? [];
  const bake = time === undefined ? undefined : parseDuration(time);
  if (percent === undefined || bake === undefined) throw new InvalidArgumentError('Write it like 10:1h or 100:10m.');
  return collect({ percent: Number(percent), bake: Number(bake / 1_000_000_000n) }, before);
}

function tell({ percent, bake }: Stage): string {
  return `${percent} % (${bake} s on trial)`;
}

function tellState({ state, stage, stages }: Release): string {
  switch (state) {
    case 'live':
      return 'live on all of them';
    case 'staged':
      return `stage ${stage + 1} of ${stages.length}, ${tell(stages[stage]!)}`;
    case 'added':
      return 'on none of them until it is staged';
    case 'paused':
      return 'paused; who enforces it keeps it';
    case 'retired':
      return 'on none of them any more';
  }
}

function hostsOf({ hosts }: Pick<Release, 'hosts'>): string {
  return hosts === '' ? 'all hosts' : `hosts with ${hosts}`;
}

async function readPolicy(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${whyUnreadable(error)}.`);
  }
}
