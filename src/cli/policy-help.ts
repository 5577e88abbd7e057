/** The end of a verb's help: an example, and what its exit status says. */
import type { Command } from 'commander';

export interface Help {
  /** Command lines, as they are typed. */
  readonly examples: readonly string[];
  readonly status: { readonly 0: string; readonly 1?: string; readonly 2?: string };
}

export function withHelp(command: Command, { examples, status }: Help): Command {
  const lines = Object.entries({ 2: 'bad use: the command line, or a file that cannot be read', ...status });
  const text = [
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  $ ${example}`),
    '',
    'Exit status:',
    ...lines.sort().map(([number, meaning]) => `  ${number}  ${meaning}`),
  ];
  return command.addHelpText('after', text.join('\n'));
}
