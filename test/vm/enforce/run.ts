/** One run of guest.sh in a virtual machine, taken apart into what each section says. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventJson } from '../../../src/events/event.js';
import type { TierName } from '../../../src/kernel/types.js';
import { type KernelVersion, runInGuest } from '../guest.js';
import { cases, planOf, shortCases } from './cases.js';
import { firstPolicy, secondPolicy } from './policies.js';

/** A line of programs/attempt. */
export interface Attempt {
  readonly case: string;
  readonly pid: number;
  readonly outcome: 'refused' | 'killed' | 'ran' | 'failed';
  readonly errno?: string;
  readonly signal?: number;
  readonly status?: number;
  readonly started: number;
  readonly marked: number;
}

/** A line of programs/race. */
export interface Race {
  readonly case: string;
  readonly tries: number;
  readonly refused: number;
  readonly killed: number;
  readonly ran: number;
  readonly matching: number;
  readonly failed: number;
}

export interface LogLine {
  readonly msg: string;
  readonly level: string;
  readonly [key: string]: unknown;
}

/** What happened, by the section of guest.sh. */
export class Findings {
  readonly #sections: ReadonlyMap<string, readonly string[]>;

  constructor(output: string) {
    const sections = new Map<string, string[]>();
    let current: string[] = [];
    for (const line of output.split('\n')) {
      if (line.startsWith('== ')) {
        current = [];
        sections.set(line.slice(3), current);
      } else if (line !== '') {
        current.push(line);
      }
    }
    this.#sections = sections;
    const failure = sections.get('failure');
    if (failure !== undefined) throw new Error(`the guest gave up: ${failure.join('\n')}`);
  }

  lines(section: string): readonly string[] {
    const lines = this.#sections.get(section);
    if (lines === undefined) throw new Error(`the guest did not come to "${section}"`);
    return lines;
  }

  #json<Line>(section: string): Line[] {
    return this.lines(section).map((line) => JSON.parse(line) as Line);
  }

  attempt(section: string, id: string): Attempt {
    const found = this.#json<Attempt>(section).find((line) => line.case === id);
    if (found === undefined) throw new Error(`"${section}" has no case ${id}`);
    return found;
  }

  races(section: string): Race[] {
    return this.#json<Race>(section).filter(({ tries }) => tries !== undefined);
  }

  /** Exit status of the agent. */
  agentStatus(tier: TierName): number {
    return this.#json<{ status: number }>(`stopped ${tier}`)[0]!.status;
  }

  log(tier: TierName): LogLine[] {
    return this.#json<LogLine>(`log ${tier}`);
  }

  events(tier: TierName): EventJson[] {
    return this.#json<LogLine>(`log ${tier}`)
      .filter(({ msg }) => msg === 'event')
      .map((line) => line as unknown as EventJson);
  }

  /** Samples by name and labels as they stand in the text. */
  metrics(tier: TierName): ReadonlyMap<string, number> {
    return new Map(
      this.lines(`metrics ${tier}`).map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }
}

export async function runTiers(kernel: KernelVersion, tiers: readonly TierName[]): Promise<Findings> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-enforce-'));
  try {
    const write = async (name: string, text: string) => {
      await writeFile(join(directory, name), text);
      return join(directory, name);
    };
    const { output, stdout, status } = await runInGuest({
      kernel,
      command: ['sh', '/share/guest.sh', ...tiers],
      files: {
        '/share/agent.sh': fileURLToPath(new URL('../../../scripts/demo/agent.sh', import.meta.url)),
        '/share/guest.sh': fileURLToPath(new URL('./guest.sh', import.meta.url)),
        '/share/plan': await write('plan', planOf(cases)),
        '/share/short-plan': await write('short-plan', planOf(shortCases)),
        '/share/first.policy': await write('first.policy', firstPolicy),
        '/share/second.policy': await write('second.policy', secondPolicy),
      },
      timeout: 580,
    });
    const findings = new Findings(stdout);
    if (status !== 0) throw new Error(`guest.sh ended with status ${status}:\n${output}`);
    return findings;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
