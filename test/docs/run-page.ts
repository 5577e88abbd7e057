/** Runs the commands of a page, one after another, and says what did not come out as the page has it. */
import { type Block, blocksOf, commandsOf } from './blocks.js';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a page's commands run. */
export interface Place {
  run(command: string): Promise<Outcome>;
  /** `path` as the page names it: relative to where commands run. */
  write(path: string, text: string): Promise<void>;
}

/** One sentence for each command that fails or prints something else. Commands of other places than `where` are passed over. */
export async function runPage(page: string, where: 'files' | 'host', place: Place): Promise<string[]> {
  const problems: string[] = [];
  for (const block of blocksOf(page)) {
    const file = block.marks.get('file');
    if (file !== undefined) await place.write(file, block.text);
    else if (block.marks.get('run') === where) problems.push(...(await runBlock(block, place)));
  }
  return problems;
}

async function runBlock(block: Block, place: Place): Promise<string[]> {
  const problems: string[] = [];
  for (const { text, prints } of commandsOf(block)) {
    const { status, stdout, stderr } = await place.run(text);
    const lines = `${stdout}\n${stderr}`.split('\n').map(spaced);
    const missing = prints.filter((part) => !lines.some((line) => line.includes(spaced(part))));
    if (missing.length === 0 && (status === 0 || prints.length > 0)) continue;
    const what = missing.length > 0 ? `does not print ${JSON.stringify(missing[0])}` : `ends with status ${status}`;
    problems.push(`${block.page}:${block.line}: \`${text}\` ${what}\n${stdout}${stderr}`);
  }
  return problems;
}

/** Columns may be wider than those on the page. */
function spaced(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}
