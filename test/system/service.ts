/** The unit as a test sees it, in a machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { SystemMachine } from '../../scripts/lib/system/machine.mjs';
import type { EventJson } from '../../src/events/event.js';

/** Seconds for what takes its time in an emulated machine. */
const PATIENCE = 600;

export class Service {
  readonly #machine: SystemMachine;

  constructor(machine: SystemMachine) {
    this.#machine = machine;
  }

  /** One property of the unit. */
  async show(property: string): Promise<string> {
    return (await this.#machine.must(`systemctl show -P ${property} portcullis.service`)).trimEnd();
  }

  /** The agent's own lines in journald, of this boot. */
  async log(): Promise<Record<string, unknown>[]> {
    const text = await this.#machine.must('journalctl -b -u portcullis -o cat');
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The first event in journald that fits. */
  async event(fits: (event: EventJson) => boolean): Promise<EventJson> {
    let found: EventJson | undefined;
    await this.eventually(async () => {
      const events = (await this.log()).filter(({ msg }) => msg === 'event') as unknown as EventJson[];
      found = events.find(fits);
      return found !== undefined;
    });
    return found!;
  }

  /** Runs a script, and waits until another process than before is the agent, with a policy in force. */
  async replacedAfter(script: string): Promise<void> {
    const before = await this.show('MainPID');
    await this.#machine.must(script);
    await this.eventually(
      async () => (await this.show('MainPID')) !== before && (await this.show('SubState')) === 'running',
    );
  }

  async eventually(holds: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + PATIENCE * 1000;
    while (!(await holds())) {
      if (Date.now() > until)
        expect.fail(`not within ${PATIENCE} s:\n${await this.#machine.must('systemctl status portcullis || true')}`);
      await sleep(500);
    }
  }
}
