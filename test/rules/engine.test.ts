/** The engine through the maker of events: what a policy's rules do, event after event. */
import { describe, expect, test } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import { ImageHistory } from '../../src/events/image.js';
import { EventMaker, type MadeEvent } from '../../src/events/maker.js';
import { ProcessTree } from '../../src/events/processes.js';
import type { SceneParts } from '../../src/events/scene.js';
import { Scrubber } from '../../src/events/scrub/scrubber.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import type { ScopeKiller } from '../../src/rules/cgroup-kill/scope-killer.js';
import { UserSpaceRules } from '../../src/rules/engine.js';
import type { Processes } from '../../src/rules/kill.js';
import { byUserSpace, everyoneIn, imageOf, record, rulesOf, sceneParts } from '../events/support.js';
import { noProcesses, noScopes } from './support.js';

interface Options {
  onUnknown?: 'report' | 'enforce';
  processes?: Processes;
  scopes?: Pick<ScopeKiller, 'end'>;
  scene?: Partial<SceneParts>;
}

/** Every rule of the policy is a candidate on every exec. */
class Table {
  readonly engine: UserSpaceRules;
  readonly #maker: EventMaker;
  #numbers: number[] = [];
  readonly #images = new ImageHistory();

  constructor({ onUnknown = 'report', processes = noProcesses, scopes = noScopes, scene = {} }: Options = {}) {
    this.engine = new UserSpaceRules({ onUnknown, processes, scopes });
    const parts = sceneParts(scene);
    const about = { version: '1', tier: 'lsm', bootId: 'boot', images: this.#images } as const;
    this.#maker = new EventMaker({ ...about, ...parts, engine: this.engine, scrubber: new Scrubber() });
  }

  async use(yaml: string): Promise<this> {
    const rules = rulesOf(yaml);
    const exits = rules.filter(({ event }) => event === 'exit').map(byUserSpace);
    const image = { ...imageOf(rules.filter(({ event }) => event === 'exec').map(byUserSpace)), exitRules: exits };
    this.#numbers = image.rules.map((_, number) => number);
    await this.#images.during(async () => ({ generation: 1n, image }));
    this.engine.use(rules);
    return this;
  }

  make(changes: Partial<KernelRecord> = {}): MadeEvent | undefined {
    const rules = changes.event === 'exit' ? [] : this.#numbers;
    return this.#maker.make(record({ rules, ...changes }));
  }

  /** Ids of the rules that hold. */
  hold(changes: Partial<KernelRecord> = {}): string[] {
    return this.make(changes)?.decision.matched.map(({ rule }) => rule.id) ?? [];
  }

  /** As a reader of the log sees it; undefined when it is not told. */
  told(changes: Partial<KernelRecord> = {}): EventJson | undefined {
    const event = this.make(changes)?.event;
    return event && (JSON.parse(JSON.stringify(event)) as EventJson);
  }
}

const second = 1_000_000_000n;

describe('variables', () => {
  test('what a rule sets, later rules of the same event see, and rules of later events', async () => {
    const table = await new Table().use(`
  - {id: early, expression: 'exec.file.name == "tool" && \${seen} == "a"'}
  - {id: sets, expression: 'exec.args == "-x y"', actions: [{set: {name: seen, value: a}}]}
  - {id: late, expression: 'exec.file.name == "tool" && \${seen} == "a"'}
`);
    expect(table.hold()).toEqual(['sets', 'late']);
    expect(table.hold({ argv: ['tool'] })).toEqual(['early', 'late']);
  });

  test('a counter over an expression; unset it is its default', async () => {
    const table = await new Table().use(`
  - {id: third, expression: 'exec.uid >= 0 && \${count} >= 7'}
  - {id: counts, expression: 'exec.uid >= 0', actions: [{set: {name: count, expression: '\${count} + 1', default_value: 5}}]}
`);
    expect([table.hold(), table.hold(), table.hold()]).toEqual([['counts'], ['counts'], ['third', 'counts']]);
  });

  test('novelty: a list that is appended to, with an end', async () => {
    const table = await new Table().use(`
  - id: new_args
    expression: exec.args not in \${seen}
    actions: [{set: {name: seen, field: exec.args, append: true, ttl: 10s}}]
`);
    const at = (seconds: bigint, argument: string) => table.hold({ time: seconds * second, argv: ['tool', argument] });
    expect([at(5n, 'a'), at(6n, 'a'), at(6n, 'b'), at(16n, 'a')]).toEqual([
      ['new_args'],
      [],
      ['new_args'],
      ['new_args'],
    ]);
  });

  test('of a process belong to it and not to its namesake', async () => {
    const table = await new Table().use(`
  - {id: again, expression: 'exec.uid >= 0 && \${process.seen}'}
  - {id: sets, expression: 'exec.file.name == "tool"', actions: [{set: {name: seen, value: true, scope: process}}]}
`);
    expect(table.hold()).toEqual(['sets']);
    expect(table.hold()).toEqual(['again', 'sets']);
    expect(table.hold({ pid: 5 })).toEqual(['sets']);
    expect(table.hold({ start: 4_500_000_000n })).toEqual(['sets']);
  });

  test('are inherited by children that were forked after they were set', async () => {
    const scene = {
      processes: new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] }),
    };
    const policy = (inherited: boolean) => `
  - {id: child, expression: 'exec.file.name == "child" && \${process.mark} == "x"'}
  - id: sets
    expression: exec.file.name == "parent"
    actions: [{set: {name: mark, value: x, scope: process, inherited: ${inherited}}}]
`;
    const table = await new Table({ scene }).use(policy(true));
    const parent = { pid: 50, ppid: 0, name: 'parent', start: second, time: 3n * second };
    const child = { pid: 51, ppid: 50, name: 'child', time: 6n * second };
    table.hold(parent);
    expect(table.hold({ ...child, start: 4n * second })).toEqual(['child']);
    expect(table.hold({ ...child, start: 2n * second })).toEqual([]);
    // A grandchild has it when both forks came after.
    table.hold({ ...child, start: 4n * second });
    expect(table.hold({ ...child, pid: 52, ppid: 51, start: 5n * second })).toEqual(['child']);

    const alone = await new Table({ scene }).use(policy(false));
    alone.hold(parent);
    expect(alone.hold({ ...child, start: 4n * second })).toEqual([]);
  });

  test('can be set for the parent', async () => {
    const table = await new Table().use(`
  - id: sets
    expression: exec.file.name == "child"
    actions: [{set: {name: mark, value: x, scope: process, scope_field: process.parent.pid}}]
  - {id: marked, expression: 'exec.file.name == "parent" && \${process.mark} == "x"'}
`);
    const parent = { pid: 50, ppid: 0, name: 'parent', start: second };
    expect(table.hold(parent)).toEqual([]);
    expect(table.hold({ pid: 51, ppid: 50, name: 'child' })).toEqual(['sets']);
    expect(table.hold(parent)).toEqual(['marked']);
  });

  test('of a container are those of its processes; on the host there are none', async () => {
    const policy = `
  - {id: again, expression: 'exec.uid >= 0 && \${container.seen}'}
  - {id: sets, expression: 'exec.file.name == "tool"', actions: [{set: {name: seen, value: true, scope: container}}]}
`;
    const inside = { cgroups: everyoneIn(`/docker/${'0123456789abcdef'.repeat(4)}`) };
    const table = await new Table({ scene: inside }).use(policy);
    expect(table.hold({ cgroup: 77n, pid: 5 })).toEqual(['sets']);
    expect(table.hold({ cgroup: 77n, pid: 6 })).toEqual(['again', 'sets']);
    const host = await new Table({ scene: { cgroups: everyoneIn('/user.slice') } }).use(policy);
    expect([host.hold({ cgroup: 77n }), host.hold({ cgroup: 77n })]).toEqual([['sets'], ['sets']]);
    expect(host.engine.counts.unset).toBe(0);
    // Where it is not known, a rule on its variables is unknown.
    const nowhere = await new Table().use(policy);
    const { unknown } = nowhere.make()!.decision;
    expect(unknown.map(({ rule }) => rule.id)).toEqual(['again']);
    expect(nowhere.engine.counts.unset).toBe(1);
  });

  test('of a control group', async () => {
    const table = await new Table().use(`
  - {id: again, expression: 'exec.uid >= 0 && \${cgroup.seen}'}
  - {id: sets, expression: 'exec.file.name == "tool"', actions: [{set: {name: seen, value: true, scope: cgroup}}]}
`);
    expect([table.hold({ cgroup: 7n }), table.hold({ cgroup: 7n }), table.hold({ cgroup: 8n })]).toEqual([
      ['sets'],
      ['again', 'sets'],
      ['sets'],
    ]);
  });

  test('what is not known is not set, and counted', async () => {
    const table = await new Table().use(`
  - {id: sets, expression: 'exec.uid >= 0', actions: [{set: {name: last, field: exec.args}}]}
  - {id: is_y, expression: 'exec.uid >= 0 && \${last} == "-x y"'}
`);
    expect(table.hold()).toEqual(['sets', 'is_y']);
    expect(table.hold({ argv: ['tool', 'cut'], argsCut: true })).toEqual(['sets', 'is_y']);
    expect(table.engine.counts.unset).toBe(1);
  });

  test('keep their values through a reload, unless they become another kind of thing', async () => {
    const sets = (value: string) => `
  - {id: sets, expression: 'exec.file.name == "first"', actions: [{set: {name: x, value: ${value}}}]}
`;
    const asks = (test: string) => `  - {id: asks, expression: 'exec.file.name == "tool" && \${x} == ${test}'}\n`;
    const table = await new Table().use(sets('a'));
    table.hold({ name: 'first' });
    await table.use(sets('b') + asks('"a"'));
    expect(table.hold()).toEqual(['asks']);
    await table.use(sets('7') + asks('0'));
    expect(table.hold()).toEqual(['asks']);
  });

  test('stand in the event unless they are private', async () => {
    const table = await new Table().use(`
  - id: sets
    expression: exec.file.name == "tool"
    actions:
      - set: {name: text, field: exec.file.path}
      - set: {name: list, field: exec.argv, append: true, scope: process}
      - set: {name: number, value: 7, scope: cgroup}
      - set: {name: secret, value: x, private: true}
`);
    const event = table.told({ cgroup: 7n })!;
    expect(event.evt.variables).toEqual({ text: '/usr/bin/tool' });
    expect(event.process.variables).toEqual({ list: ['-x', 'y'] });
    expect(event.cgroup.variables).toEqual({ number: 7 });
  });

  test('an element of an array is a value to set', async () => {
    const table = await new Table().use(`
  - {id: sets, expression: 'exec.uid >= 0', actions: [{set: {name: second, field: 'exec.argv[1]'}}]}
`);
    expect(table.told()?.evt.variables).toEqual({ second: 'y' });
  });
});

describe('how often a rule tells', () => {
  const at = (table: Table, seconds: bigint, changes: Partial<KernelRecord> = {}) =>
    table.make({ time: seconds * second, ...changes })!;

  test('every: the rest is kept back and named, and acts all the same', async () => {
    const table = await new Table().use(`
  - {id: often, expression: 'exec.uid >= 0', every: 10s, actions: [{set: {name: count, expression: '\${count} + 1', default_value: 0}}]}
`);
    expect(at(table, 5n).event).toBeDefined();
    expect(at(table, 14n)).toMatchObject({ event: undefined, limited: ['often'] });
    const third = at(table, 15n);
    expect(third.limited).toEqual([]);
    expect(third.event?.evt.variables).toEqual({ count: 3 });
  });

  test('each value of limiter_token has its own', async () => {
    const table = await new Table().use(`
  - {id: often, expression: 'exec.uid >= 0', every: 10s, limiter_token: [exec.file.path, exec.uid]}
`);
    expect(at(table, 5n).event).toBeDefined();
    expect(at(table, 6n, { uid: 2 }).event).toBeDefined();
    expect(at(table, 7n, { path: '/other' }).event).toBeDefined();
    expect(at(table, 8n).event).toBeUndefined();
  });

  test('without every there is no limit', async () => {
    const table = await new Table().use("  - {id: plain, expression: 'exec.uid >= 0'}\n");
    expect([at(table, 5n), at(table, 5n)].map(({ event }) => event?.agent.rule_id)).toEqual(['plain', 'plain']);
  });

  test('one rule that may tell is enough', async () => {
    const table = await new Table().use(`
  - {id: often, expression: 'exec.uid >= 0', every: 10s}
  - {id: plain, expression: 'exec.uid >= 0'}
`);
    at(table, 5n);
    expect(at(table, 6n).event?.evt.matched_rules.map(({ id }) => id)).toEqual(['often', 'plain']);
  });

  test('a silent rule never tells, though it acts', async () => {
    const table = await new Table().use(`
  - {id: quiet, expression: 'exec.uid >= 0', silent: true, actions: [{log: {level: info, message: hush}}]}
`);
    const made = at(table, 5n);
    expect(made.event).toBeUndefined();
    expect(made.followUps).toMatchObject([{ follow: 'log', message: 'hush' }]);
    expect(made.limited).toEqual([]);
  });

  test('a rule that could only be called unknown tells so once a minute', async () => {
    const table = await new Table().use('  - {id: mount, expression: \'exec.file.filesystem == "tmpfs"\'}\n');
    const first = at(table, 5n).event!;
    expect(first.portcullis).toMatchObject({ verdict: 'unknown', missing: ['exec.file.filesystem'] });
    expect(at(table, 64n)).toMatchObject({ event: undefined, limited: ['mount'] });
    expect(at(table, 65n).event).toBeDefined();
  });
});

describe('kills after the event', () => {
  const policy = `
  - id: late
    expression: exec.file.name == "tool" && exec.file.extension == ""
    mode: enforce
    actions: [{kill: {signal: SIGKILL}}]
`;

  function host() {
    const sent: number[] = [];
    const processes: Processes = {
      ...noProcesses,
      open: () => ({ signal: (number) => sent.push(number), close: () => {} }),
      start: () => 4_000_000_000n,
      binary: () => ({ inode: 99n, path: '/elsewhere' }),
      now: () => 5_250_000_000n,
    };
    return { sent, processes };
  }

  test('are performed at once, and the event says when', async () => {
    const { sent, processes } = host();
    const table = await new Table({ processes }).use(policy);
    const event = table.told()!;
    expect(sent).toEqual([9]);
    expect(event.agent.rule_actions).toEqual([
      {
        type: 'kill',
        signal: 'SIGKILL',
        scope: 'process',
        status: 'performed',
        created_at: '1970-01-01T00:00:05.000Z',
        detected_at: '1970-01-01T00:00:10.000Z',
        killed_at: '1970-01-01T00:00:05.250Z',
        ttr: '250ms',
      },
    ]);
  });

  test('of a script look at its interpreter, which is what runs', async () => {
    const { sent, processes } = host();
    const table = await new Table({ processes: { ...processes, binary: () => ({ inode: 1n, path: '/bin/sh' }) } }).use(
      policy,
    );
    table.make({ levels: 2, interpreterPath: '/bin/sh', interpreterName: 'sh' });
    expect(sent).toEqual([9]);
  });

  test('are kept back by no rate limit and no silence', async () => {
    const { sent, processes } = host();
    const table = await new Table({ processes }).use(policy.replace('mode:', 'every: 1h\n    silent: true\n    mode:'));
    table.make();
    table.make();
    expect(sent).toEqual([9, 9]);
  });

  test('a filter is decided when the action is due', async () => {
    const { sent, processes } = host();
    const filtered = policy.replace('{kill', "{filter: 'exec.uid == 0', kill");
    const table = await new Table({ processes }).use(filtered);
    expect(table.told()?.agent.rule_actions).toEqual([]);
    table.make({ uid: 0 });
    expect(sent).toEqual([9]);
  });

  test('of a rule that is unknown only when asked for, and only for want of a fact of this event', async () => {
    const unread = { argv: [], known: 0n };
    const byArguments = policy.replace('exec.file.extension == ""', 'exec.args == "-x"');
    for (const [onUnknown, expected] of [
      ['report', []],
      ['enforce', [9]],
    ] as const) {
      const { sent, processes } = host();
      const table = await new Table({ processes, onUnknown }).use(byArguments);
      expect(table.told(unread)?.portcullis.verdict).toBe('unknown');
      expect(sent).toEqual(expected);
    }
    // Nothing reports this field at all: acting would kill everything.
    const { sent, processes } = host();
    const never = policy.replace('exec.file.extension == ""', 'exec.file.filesystem == "tmpfs"');
    const table = await new Table({ processes, onUnknown: 'enforce' }).use(never);
    expect(table.told()?.portcullis.verdict).toBe('unknown');
    expect(sent).toEqual([]);
  });

  test('do not reach for a process that has ended', async () => {
    const { sent, processes } = host();
    const table = await new Table({ processes }).use(`
  - {id: ends, expression: 'exit.code > 0', mode: enforce, actions: [{kill: {signal: SIGKILL}}]}
`);
    const event = table.told({ event: 'exit', verdict: 'none', exitCode: 9 })!;
    expect(event.agent.rule_actions[0]?.status).toBe('not_triggered');
    expect(sent).toEqual([]);
  });
});

test('each generated identifier is another', async () => {
  const table = await new Table().use(`
  - {id: sets, expression: 'exec.uid >= 0', actions: [{set: {name: id, expression: '"\${builtins.uuid4}"', default_value: ""}}]}
`);
  const [one, other] = [table.told()?.evt.variables?.id, table.told()?.evt.variables?.id];
  expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  expect(other).not.toBe(one);
});
