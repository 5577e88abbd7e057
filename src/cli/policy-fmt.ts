/** `portcullis policy fmt`: policies in one layout. */
import { rename, stat, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { formatPolicy, type PolicyFile, PolicyFilesError, readPolicyFiles } from '../policy/index.js';
import { count, print, printDiagnostics, printJson } from './output.js';
import { withHelp } from './policy-help.js';
import { type Invocation, UsageError } from './verb.js';

interface Options {
  readonly check?: true;
  readonly write?: true;
  readonly json?: true;
}

const description = `lay policies out in one way

Keys in their order, expressions in lines of at most 120 characters, comments where they are. What a policy means does not
change. Without --write or --check the text is printed.`;

export function policyFmt({ io, finish }: Invocation): Command {
  const command = new Command('fmt')
    .summary('lay policies out in one way')
    .description(description)
    .argument('<file...>', 'policy files, or directories of *.policy files')
    .option('--check', 'change nothing; say which files are laid out otherwise')
    .option('--write', 'change the files')
    .option('--json', 'print JSON')
    .action(async (paths: string[], { check, write, json }: Options) => {
      if (check && write) throw new UsageError('--check and --write do not go together.');
      const files = await read(paths);
      const results = files.map(({ file, text }) => ({ file, before: text, formatted: formatPolicy(file, text) }));
      const differing: string[] = [];
      const refused: string[] = [];
      const texts: Record<string, string> = {};
      for (const { file, before, formatted } of results) {
        if (formatted.outcome === 'refused') {
          refused.push(file);
          if (!json) printDiagnostics(io.stderr, formatted.diagnostics, io.env);
          continue;
        }
        texts[file] = formatted.text;
        if (Buffer.from(before).equals(Buffer.from(formatted.text))) continue;
        differing.push(file);
        if (write) await replace(file, formatted.text);
      }
      if (refused.length > 0 || (check && differing.length > 0)) finish(1);
      if (json) return printJson(io.stdout, { differing, refused, ...(!check && !write && { texts }) });
      if (!check && !write) {
        for (const text of Object.values(texts)) io.stdout.write(text);
        return;
      }
      for (const file of differing) print(io.stdout, file);
      const verb = write ? 'changed' : 'would change';
      print(io.stderr, `${count(differing.length, 'file')} ${verb}, of ${files.length}`);
    });
  return withHelp(command, {
    examples: ['portcullis policy fmt --check policies', 'portcullis policy fmt --write my.policy'],
    status: {
      0: 'done; with --check: every file is laid out so',
      1: 'a file is no YAML; with --check: a file differs',
    },
  });
}

async function read(paths: readonly string[]): Promise<PolicyFile[]> {
  try {
    return await readPolicyFiles(paths);
  } catch (error) {
    if (error instanceof PolicyFilesError) throw new UsageError(error.message);
    throw error;
  }
}

/** All or nothing: a reader never sees half a file. */
async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  const { mode } = await stat(file);
  await writeFile(beside, text, { mode });
  await rename(beside, file);
}
