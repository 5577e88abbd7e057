/** What the verbs of `rollout` share: keys, passphrases, the repository, and a question before anything is signed. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { compileEnforceable } from '../compiler/index.js';
import { loadPolicies, type PolicyFile } from '../policy/index.js';
import { whyUnreadable } from '../policy/why-unreadable.js';
import { checkReleases } from '../rollout/compatibility.js';
import { Keyring } from '../rollout/keys/keyring.js';
import type { Release } from '../rollout/release.js';
import type { Repository, Signed } from '../rollout/repository/repository.js';
import { byPolicy } from '../rollout/selection.js';
import { askSecretly, confirm } from './ask.js';
import { print } from './output.js';
import { printChanges } from './policy-diff.js';
import { diffRules } from './ruleset-diff.js';
import { type Io, UsageError } from './verb.js';

export interface KeyOptions {
  readonly keys: string[];
  readonly passphraseFile?: string;
}

export interface ChangeOptions extends KeyOptions {
  readonly yes?: true;
}

export const passphraseVariable = 'PORTCULLIS_PASSPHRASE';

export function withKeyOptions(command: Command): Command {
  return command
    .requiredOption('--keys <dir>', 'where the signing keys are; may be given more than once', collectText)
    .option(
      '--passphrase-file <file>',
      `its first line opens the keys; otherwise $${passphraseVariable}, or you are asked`,
    );
}

export function withChangeOptions(command: Command): Command {
  return withKeyOptions(command).option('--yes', 'sign without asking');
}

export function collect<Item>(item: Item, before: Item[] | undefined): Item[] {
  return [...(before ?? []), item];
}

function collectText(text: string, before: string[] | undefined): string[] {
  return collect(text, before);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

export function readKeyring({ keys, passphraseFile }: KeyOptions, io: Io): Promise<Keyring> {
  const given = givenPassphrase(passphraseFile, io);
  return Keyring.read(keys, async (path) => (await given) ?? askSecretly(`Passphrase of ${path}: `, io));
}

async function givenPassphrase(file: string | undefined, { env }: Io): Promise<string | undefined> {
  if (file === undefined) return env[passphraseVariable];
  try {
    return (await readFile(file, 'utf8')).split('\n')[0]!;
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${whyUnreadable(error)}.`);
  }
}

export interface PlannedChange {
  readonly releases: readonly Release[];
  /** Bytes of new releases by SHA-256. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** One sentence: what will be so. */
  readonly summary: string;
  /** The policy whose difference is shown. */
  readonly policy: string;
}

/**
 * Checks what shall be, shows what it changes for the hosts it reaches, asks, signs and writes. Throws PublishError.
 * Resolves to whether it was published.
 */
export async function publishChange(
  repository: Repository,
  { releases, files, summary, policy }: PlannedChange,
  options: ChangeOptions,
  io: Io,
): Promise<'published' | 'declined'> {
  const read = async (release: Release) => files.get(release.sha256) ?? repository.bytesOf(release);
  await checkReleases(releases, read);
  const before = await rulesOf(newest(repository.releases, policy, ['live']), read);
  const after = await rulesOf(newest(releases, policy, ['added', 'staged', 'paused', 'live']), read);
  print(io.stdout, `What changes against what is live of ${policy}:\n`);
  printChanges(diffRules(before, after), io);
  print(io.stdout, `\n${summary}`);
  if (!options.yes && (await confirm('Sign and publish this?', io)) === 'no') {
    print(io.stdout, 'Nothing was signed.');
    return 'declined';
  }
  const keyring = await readKeyring(options, io);
  printSigned(await repository.publish(releases, files, { keyring, now: Date.now() }), io);
  return 'published';
}

export function printSigned({ signed, left }: Signed, { stdout }: Io): void {
  print(stdout, `Signed: ${signed.join(', ')}.`);
  if (left.length > 0) {
    print(stdout, `Hosts see it once ${left.join(', ')} is signed: \`rollout resign\` where its key is.`);
  }
}

function newest(
  releases: readonly Release[],
  policy: string,
  states: readonly Release['state'][],
): Release | undefined {
  return releases
    .filter((release) => release.policy === policy && states.includes(release.state))
    .sort((a, b) => byPolicy(a, b) || a.release - b.release)
    .reduce<Release | undefined>(
      (best, release) => (best && best.release > release.release ? best : release),
      undefined,
    );
}

async function rulesOf(release: Release | undefined, read: (release: Release) => Promise<Uint8Array>) {
  if (release === undefined) return [];
  const file: PolicyFile = { file: `${release.policy}.policy`, text: await read(release) };
  return compileEnforceable(loadPolicies([file])).compiled.plan.rules;
}
