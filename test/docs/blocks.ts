/**
 * The fenced blocks of the documentation, and what their marks say. A block of commands names where a test runs it, in the words
 * after its language:
 *
 *   ```sh run=files         on files, in an empty directory, with `portcullis` on the path
 *   ```sh run=host          as root on a Debian machine with the package installed
 *   ```sh run=checkout      scripts of package.json, which must exist; continuous integration and people run them
 *   ```sh run=not why="..." nowhere
 *   ```yaml file=PATH       no commands: a file that the page's commands find
 *
 * `sh` has commands alone, each of which must succeed. `console` has them behind `$ ` or `# `, and below each what it prints:
 * lines of which each must be a part of some line that comes out. A command with such lines may end with any status.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Block {
  readonly page: string;
  /** Of the fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly marks: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface Command {
  readonly text: string;
  /** Parts of lines that come out. */
  readonly prints: readonly string[];
}

/** The pages that speak to users, by path. */
export function pages(): string[] {
  const inFolder = (directory: string) =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${directory}/${name}`);
  return ['README.md', ...inFolder('docs'), ...inFolder('docs/decisions'), ...inFolder('vagrant')].sort();
}

export function blocksOf(page: string, text = readFileSync(page, 'utf8')): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { line: index + 1, info: fence[1]!.trim(), lines: [] };
    else {
      blocks.push({ page, line: open.line, ...meaning(open.info), text: `${open.lines.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block does not end`);
  return blocks;
}

function meaning(info: string): Pick<Block, 'language' | 'marks'> {
  const [language = '', ...rest] = info.split(' ');
  const marks = new Map<string, string>();
  for (const [, key, quoted, plain] of rest.join(' ').matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g))
    marks.set(key!, quoted ?? plain!);
  return { language, marks };
}

export function isOfCommands({ language }: Block): boolean {
  return ['sh', 'bash', 'shell', 'console'].includes(language);
}

/** The commands of a block, each to be run by a shell of its own. */
export function commandsOf({ language, text }: Block): Command[] {
  const lines = text.replaceAll('\\\n', '').split('\n');
  const isCommand = (line: string) => (language === 'console' ? /^[$#] /.test(line) : /^[^#\s]/.test(line));
  const commands: { text: string; prints: string[] }[] = [];
  for (const line of lines) {
    if (isCommand(line)) commands.push({ text: language === 'console' ? line.slice(2) : line, prints: [] });
    else if (language === 'console' && line.trim() !== '') commands.at(-1)?.prints.push(line.trim());
  }
  return commands;
}
