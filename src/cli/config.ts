/** `portcullis config`: the configuration, without an agent. */
import { Command } from 'commander';
import { configCheck } from './config-check.js';
import { configKeys } from './config-keys.js';
import { configShow } from './config-show.js';
import type { Invocation } from './verb.js';

export function configVerb(invocation: Invocation): Command {
  return new Command('config')
    .description('check, show and look up the configuration')
    .addCommand(configCheck(invocation))
    .addCommand(configShow(invocation))
    .addCommand(configKeys(invocation));
}
