/** One run of guest.sh in a virtual machine, and what it says about each trick. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KernelVersion, runInGuest } from '../guest.js';
import { largerPolicy, policy } from './policies.js';
import {
  type Attempted,
  type Execution,
  harmless,
  type Late,
  named,
  scripts,
  type Trick,
  tricks,
  worker,
} from './tricks.js';

/** Tries of each race. */
const raceTries = 40;

/** Programs that each of two processes starts while policies are swapped, and as many that nothing names. */
const stormLines = 40;

/** Refused programs, with long arguments, that fill the ring of verdicts. */
const floodLines = 1100;

/** Programs in the middle of an exec when the agent is told to stop. */
export const parkedCallers = 16;

/** A line of programs/attempt or programs/race. */
interface Line {
  readonly case: string;
  readonly outcome?: 'refused' | 'killed' | 'ran' | 'failed';
  readonly errno?: string;
  readonly signal?: number;
  readonly started?: number;
  readonly marked?: number;
  readonly tries?: number;
  readonly ran?: number;
  readonly matching?: number;
  readonly failed?: number;
  readonly milliseconds?: number;
  readonly status?: number;
}

/** What became of a trick in one section. */
export interface Evidence {
  /** How often the program was executed. */
  readonly tries: number;
  /** How many programs started that a rule names. */
  readonly named: number;
  /** How often the control was executed, and how often programs started in it. */
  readonly controlTries: number;
  readonly control: number;
  /** Of each execution: refused, killed, ran, failed, or an errno. */
  readonly outcomes: readonly string[];
}

export class Findings {
  readonly #sections = new Map<string, string[]>();

  constructor(output: string) {
    let current: string[] = [];
    for (const line of output.split('\n').filter((text) => text !== '')) {
      if (line.startsWith('== ')) {
        current = [];
        this.#sections.set(line.slice(3), current);
      } else {
        current.push(line);
      }
    }
    const failure = this.#sections.get('failure');
    if (failure !== undefined) throw new Error(`the guest gave up: ${failure.join('\n')}`);
  }

  lines(section: string): readonly string[] {
    const lines = this.#sections.get(section);
    if (lines === undefined) throw new Error(`the guest did not come to "${section}"`);
    return lines;
  }

  #lines(section: string, id: string): Line[] {
    return this.lines(section)
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.case === id);
  }

  #cases(section: string, id: string): Line[] {
    const lines = this.#lines(section, id);
    if (lines.length === 0) throw new Error(`"${section}" says nothing of ${id}`);
    return lines;
  }

  /** How long the agent took to stop, in milliseconds, and its exit status. */
  stop(): { milliseconds: number; status: number } {
    const [line] = this.#cases('with', 'stop');
    return { milliseconds: line!.milliseconds!, status: line!.status! };
  }

  /** A sample of the agent's metrics, by name and labels as they stand in the text. */
  metric(name: string): number {
    const line = this.lines('metrics').find((text) => text.startsWith(`${name} `));
    if (line === undefined) throw new Error(`there is no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }

  evidence(section: 'without' | 'with', trick: Trick): Evidence {
    if (trick.kind === 'race') {
      const [race] = this.#cases(section, `race-${trick.how}`);
      const [control] = this.#cases(section, `race-${trick.how}-harmless`);
      return {
        ...{ tries: race!.tries!, named: race!.matching!, outcomes: [`${race!.failed} failed`] },
        ...{ controlTries: control!.tries!, control: control!.ran! },
      };
    }
    const tried = this.#cases(section, trick.id);
    const controls = this.#lines(section, `${trick.id}+control`);
    const counted = trick.kind === 'staged' ? 'marked' : trick.counted;
    return {
      tries: tried.length,
      named: sum(tried.map((line) => line[counted]!)),
      controlTries: controls.length,
      control: sum(
        controls.map((line) => atMost(line.started! - line.marked!, repeated.has(trick.id) ? 1 : undefined)),
      ),
      outcomes: tried.map(({ outcome, errno, signal }) => [outcome, errno ?? signal].filter(Boolean).join(' ')),
    };
  }
}

/** What the kernel starts by itself, perhaps more than once for one try. */
const repeated: ReadonlySet<string> = new Set(['release-agent']);

function atMost(number: number, most = Number.POSITIVE_INFINITY): number {
  return Math.min(number, most);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function planLine(id: string, way: string, { path, argv, env }: Execution): string {
  return `${[id, way, path, env ?? '-', ...argv].join('\t')}\n`;
}

function both({ id, way, named: bad, control }: Pick<Attempted | Late, 'id' | 'way' | 'named' | 'control'>): string {
  return planLine(id, way, bad) + planLine(`${id}+control`, way, control);
}

/** As worker does it, with the pool's URL and with another. */
function plain(id: string): string {
  const argv = ['worker', '-o'];
  return both({
    ...{ id, way: 'plain' },
    ...{ named: { path: worker, argv: [...argv, named] }, control: { path: worker, argv: [...argv, harmless] } },
  });
}

function filesOfShare(): Record<string, string> {
  const late = tricks.filter((trick) => trick.kind === 'late');
  const parked = (id: string, script: string) =>
    planLine(id, 'parked-between:/tmp/vm/late', { path: `/tmp/vm/bin/${script}`, argv: ['x'] });
  return {
    plan: tricks.map((trick) => (trick.kind === 'attempt' ? both(trick) : '')).join(''),
    ...Object.fromEntries(
      late.flatMap((trick) => [
        [`late/${trick.id}`, planLine(trick.id, trick.way, trick.named)],
        [`late/${trick.id}+control`, planLine(`${trick.id}+control`, trick.way, trick.control)],
      ]),
    ),
    'staged/agent-stopped': plain('agent-stopped'),
    'staged/ring-full': plain('ring-full'),
    'staged/swap-storm': plain('swap-storm').repeat(stormLines),
    'staged/flood': planLine('flood', 'offset:3900', { path: worker, argv: ['worker', named] }).repeat(floodLines),
    'staged/parked-while-detaching': parked('parked-while-detaching', 'line-named'),
    'staged/parked-while-detaching+control': parked('parked-while-detaching+control', 'line-harmless'),
    ...Object.fromEntries(Object.entries(scripts).map(([name, line]) => [`scripts/${name}`, `${line}\n`])),
    'text/named': named,
    'text/harmless': harmless,
    'policies/test.policy': policy,
    'policies/larger.policy': largerPolicy,
  };
}

/** Runs every trick in one virtual machine, without the agent and under its best tier. */
export async function runTricks(kernel: KernelVersion): Promise<Findings> {
  const share = await mkdtemp(join(tmpdir(), 'portcullis-catalogue-'));
  try {
    for (const [name, text] of Object.entries(filesOfShare())) {
      await mkdir(join(share, name, '..'), { recursive: true });
      await writeFile(join(share, name), text);
    }
    const { output, stdout, status } = await runInGuest({
      kernel,
      command: ['sh', '/share/guest.sh', String(raceTries), String(parkedCallers)],
      files: {
        '/share': share,
        '/share/agent.sh': fileURLToPath(new URL('../../../scripts/demo/agent.sh', import.meta.url)),
        '/share/guest.sh': fileURLToPath(new URL('./guest.sh', import.meta.url)),
        '/share/tricks.sh': fileURLToPath(new URL('./tricks.sh', import.meta.url)),
      },
      timeout: 580,
    });
    const findings = new Findings(stdout);
    if (status !== 0) throw new Error(`guest.sh ended with status ${status}:\n${output}`);
    return findings;
  } finally {
    await rm(share, { recursive: true, force: true });
  }
}
