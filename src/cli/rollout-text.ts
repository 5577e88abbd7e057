/** What a status report says of distributed policies, for people. */
import type { Style } from '../policy/index.js';
import type { TargetStatus } from '../rollout/follower/status.js';
import type { RolloutReport } from '../telemetry/control/reports.js';
import { printable } from './words.js';

/** Rows of the status table; none where no repository is configured. */
export function rolloutRows(rollout: RolloutReport | undefined, style: Style): string[][] {
  if (rollout === undefined) return [];
  if (rollout.is === 'unavailable') {
    const why = printable(rollout.reason.replace(/\.$/, ''));
    return [['rollout', style.error(`unavailable: ${why}; policies come from this host alone`)]];
  }
  const { url, lastSuccess, problem, expired, targets } = rollout;
  const seen =
    lastSuccess === undefined ? 'not reached since the start' : `reached ${new Date(lastSuccess).toISOString()}`;
  return [
    ['rollout', `${printable(url)}, ${seen}`],
    ...(problem === undefined ? [] : [['', style.error(`${problem.code}: ${printable(problem.text)}`)]]),
    ...(expired === undefined
      ? []
      : [['', style.error(`the signature of ${expired.role} has ended at ${new Date(expired.since).toISOString()}`)]]),
    ...targets.map((target) => ['', targetText(target, style)]),
  ];
}

function targetText({ policy, release, state, since, reason }: TargetStatus, style: Style): string {
  const text = `${printable(policy)} ${release}: ${state} since ${new Date(since).toISOString()}`;
  const why = reason === undefined ? '' : `. ${printable(reason)}`;
  switch (state) {
    case 'active':
    case 'pending':
    case 'shadow':
      return text;
    case 'refused':
    case 'error':
      return style.error(`${text}${why}`);
  }
}
