/** `portcullis rollout`: the publisher's side of the distribution of policies. */
import { Command } from 'commander';
import {
  rolloutAdd,
  rolloutPause,
  rolloutPromote,
  rolloutRemove,
  rolloutRollback,
  rolloutStage,
} from './rollout-change.js';
import { rolloutInit, rolloutKeys, rolloutResign } from './rollout-keys.js';
import { rolloutStatus } from './rollout-status.js';
import type { Invocation } from './verb.js';

export function rolloutVerb(invocation: Invocation): Command {
  const rollout = new Command('rollout').description('publish signed policies to any number of hosts over plain HTTP');
  const verbs = [
    rolloutInit,
    rolloutKeys,
    rolloutAdd,
    rolloutStage,
    rolloutPromote,
    rolloutPause,
    rolloutRollback,
    rolloutRemove,
    rolloutResign,
    rolloutStatus,
  ];
  for (const verb of verbs) rollout.addCommand(verb(invocation));
  return rollout;
}
