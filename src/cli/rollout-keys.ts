/** `portcullis rollout init | keys | resign`: the repository itself, and who signs what. */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Lifetimes, type RoleName, roleNames } from '../rollout/repository/metadata.js';
import { Repository } from '../rollout/repository/repository.js';
import { initRepository, type RootChange, renewRoot, rotateKey, signDraft } from '../rollout/repository/roots.js';
import { print, table } from './output.js';
import { withHelp } from './policy-help.js';
import { type KeyOptions, printSigned, readKeyring, wholeNumber, withKeyOptions } from './rollout-context.js';
import type { Invocation, Io } from './verb.js';

interface InitOptions extends KeyOptions {
  readonly rootKeys: number;
  readonly rootThreshold: number;
  readonly days?: Partial<Lifetimes>;
}

export function rolloutInit({ io }: Invocation): Command {
  const command = new Command('init')
    .description('make a repository and its keys')
    .argument('<dir>', 'the repository: what a web server serves')
    .option('--root-keys <n>', 'how many root keys', wholeNumber, 1)
    .option('--root-threshold <n>', 'how many of them must sign a change of keys', wholeNumber, 1)
    .option('--days <role=n>', 'how long a signature is good: root 365, targets 90, snapshot 90, timestamp 7', days);
  withKeyOptions(command).action(async (path: string, options: InitOptions) => {
    const { rootKeys, rootThreshold, days: lifetimes } = options;
    const keyring = await readKeyring(options, io);
    const keys = options.keys[0]!;
    const init = { keys, keyring, rootKeys, rootThreshold, now: Date.now(), ...(lifetimes && { lifetimes }) };
    await initRepository(path, init);
    print(io.stdout, `Made ${path}. Give hosts ${join(path, 'metadata', '1.root.json')} as the root they trust.`);
    print(
      io.stdout,
      `Take the root keys in ${keys} offline: they are needed to replace keys, and before the root ends.`,
    );
  });
  return withHelp(command, {
    examples: ['portcullis rollout init repository --keys keys --root-keys 3 --root-threshold 2'],
    status: { 0: 'it was made', 1: 'there is one already, or it cannot be written' },
  });
}

interface KeysOptions extends KeyOptions {
  readonly rotate?: RoleName;
  readonly replace?: string;
  readonly renewRoot?: true;
  readonly signDraft?: true;
}

export function rolloutKeys({ io }: Invocation): Command {
  const command = new Command('keys')
    .description('list the keys that sign, replace one, or sign a new root together with others')
    .argument('<dir>', 'the repository')
    .addOption(new Option('--rotate <role>', 'replace the key of a role').choices([...roleNames]))
    .option('--replace <keyid>', 'which one, when the role has several')
    .option('--renew-root', 'the same keys with a later end')
    .option('--sign-draft', 'add the signatures of the root keys at hand to draft.root.json');
  withKeyOptions(command).action(async (path: string, options: KeysOptions) => {
    const repository = await Repository.open(path);
    const keyring = await readKeyring(options, io);
    const change = { keys: options.keys[0]!, keyring, now: Date.now() };
    const { rotate, replace, renewRoot: renew, signDraft: sign } = options;
    if (rotate !== undefined) {
      printRoot(await rotateKey(repository, rotate, { ...change, ...(replace && { replaced: replace }) }), io);
    } else if (renew) printRoot(await renewRoot(repository, change), io);
    else if (sign) printRoot(await signDraft(repository, change), io);
    else {
      const { roles } = repository.root.signed;
      const rows = roleNames.flatMap((role) =>
        roles[role]!.keyIDs.map((keyid) => {
          const path = keyring.keys.find((key) => key.keyid === keyid)?.path ?? 'not at hand';
          return [role, `${roles[role]!.threshold} of ${roles[role]!.keyIDs.length}`, keyid, path];
        }),
      );
      print(io.stdout, table([['ROLE', 'SIGN', 'KEY', 'FILE'], ...rows]));
    }
  });
  return withHelp(command, {
    examples: [
      'portcullis rollout keys repository --keys keys',
      'portcullis rollout keys repository --keys keys --keys /media/root --rotate timestamp',
    ],
    status: { 0: 'done, or a draft was written', 1: 'it was refused' },
  });
}

export function rolloutResign({ io }: Invocation): Command {
  const command = new Command('resign')
    .description('sign everything anew that the keys at hand can sign, before it ends; for a timer')
    .argument('<dir>', 'the repository');
  withKeyOptions(command).action(async (path: string, options: KeyOptions) => {
    const repository = await Repository.open(path);
    printSigned(await repository.resign({ keyring: await readKeyring(options, io), now: Date.now() }), io);
  });
  return withHelp(command, {
    examples: ['portcullis rollout resign repository --keys /etc/portcullis/timestamp-key --passphrase-file FILE'],
    status: { 0: 'it was signed and written', 1: 'no key is at hand' },
  });
}

function printRoot(change: RootChange, { stdout }: Io): void {
  switch (change.outcome) {
    case 'published':
      print(stdout, `Root version ${change.version} is published, and all is signed by the keys it names.`);
      return;
    case 'draft':
      print(
        stdout,
        `${change.path} is not published yet (${change.missing}); others sign it with \`rollout keys --sign-draft\`.`,
      );
  }
}

function days(text: string, before: Partial<Lifetimes> | undefined): Partial<Lifetimes> {
  const [, role, number] = /^(root|targets|snapshot|timestamp)=([1-9]\d{0,3})$/.exec(text) ?? [];
  if (role === undefined) throw new InvalidArgumentError('Write it like timestamp=14.');
  return { ...before, [role]: Number(number) };
}
