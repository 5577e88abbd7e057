// Real containers on real kernels: an allowlist for one container acts in that container from its first exec and nowhere else, one
// for the host acts on the host and in no container.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { guestPath, librariesOf } from '../../scripts/lib/shared-libraries.mjs';
import type { EventJson } from '../../src/events/event.js';
import { type KernelVersion, onEachKernel, runInGuest } from './guest.js';
import { sectionsOf } from './sections.js';

const one = '3b1f'.repeat(16);
const two = 'c0de'.repeat(16);
const crun = '/usr/bin/crun';

/** As long as the allowlist of a real host: names and globs, of which a few are what the guest runs. */
const listed = [
  ...['busybox', 'sh', 'dash', 'node', 'portcullis', 'crun', 'listed-tool', 'listed-script'],
  ...['cat', 'curl', 'grep', 'kill', 'mkdir', 'rm', 'setsid', 'sleep', 'wget'],
  ...Array.from({ length: 180 }, (_, index) => `daemon-${index}`),
].map((name) => JSON.stringify(name));
// crun goes on from a copy of itself in memory, or from one that is mounted nowhere and keeps its name.
const globs = ['~"memfd:*"', '~"globbed*"', '~"*-helper"', '~"lib*.so.*"', '~"*chrony"'];

const policy = (mode: string) => `version: 1.0.0
mode: ${mode}
rules:
  - id: one_container
    expression: exec.file.name not in ["vault"] && container.id == "${one}"
    actions: [{deny: {}}]
  - id: host
    expression: exec.file.name not in [${[...listed, ...globs].join(', ')}] && container.id == ""
    actions: [{deny: {}}]
`;

const stoppedCases = [
  'other-in-one',
  'shell-in-one',
  'below-vault-in-one',
  'other-in-pod',
  'unlisted-tool',
  'unlisted-script',
  'below-shell',
];
const runningCases = ['vault-in-one', 'other-in-two', 'listed-tool', 'listed-glob', 'listed-script'];

async function runGuest(kernel: KernelVersion): Promise<ReadonlyMap<string, readonly string[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-containers-'));
  try {
    const files: Record<string, string> = { [crun]: crun };
    for (const library of await librariesOf([crun])) files[guestPath(library)] = library;
    for (const [name, path] of [
      ['agent.sh', '../../scripts/demo/agent.sh'],
      ['guest.sh', 'containers/guest.sh'],
    ] as const)
      files[`/share/${name}`] = fileURLToPath(new URL(path, import.meta.url));
    for (const [name, text] of Object.entries({
      one,
      two,
      'monitor.policy': policy('monitor'),
      'enforce.policy': policy('enforce'),
    })) {
      files[`/share/${name}`] = join(directory, name);
      await writeFile(join(directory, name), text);
    }
    const { stdout, output, status } = await runInGuest({
      kernel,
      command: ['sh', '/share/guest.sh'],
      files,
      timeout: 400,
    });
    if (status !== 0) throw new Error(`guest.sh ended with status ${status}:\n${output}`);
    return sectionsOf(stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

onEachKernel((kernel) => {
  let sections: ReadonlyMap<string, readonly string[]>;
  let events: EventJson[];
  const section = (name: string): readonly string[] => sections.get(name) ?? [];

  beforeAll(async () => {
    sections = await runGuest(kernel);
    events = section('log')
      .map((line) => JSON.parse(line) as EventJson & { msg: string })
      .filter(({ msg }) => msg === 'event');
  }, 420_000);

  it.each([...stoppedCases, ...runningCases])('without the agent %s runs', (name) => {
    expect(section('without'), section('crun').join('\n')).toContain(`ran ${name}`);
  });

  it.each([...stoppedCases, ...runningCases])('in monitor %s runs', (name) => {
    expect(section('monitor')).toContain(`ran ${name}`);
  });

  it.each(stoppedCases)('in enforce %s is stopped', (name) => {
    expect(section('enforce')).toContain(`stopped ${name}`);
  });

  it.each(runningCases)('in enforce %s runs', (name) => {
    expect(section('enforce')).toContain(`ran ${name}`);
  });

  it('every refusal is of the rule that was to act, before the exec', () => {
    const refused = events.filter(({ portcullis }) => portcullis.verdict === 'refuse');
    const shown = refused.map(({ agent, process }) => [agent.rule_id, process.executable?.name]);
    expect(shown).toEqual([
      ['one_container', 'other'],
      ['one_container', 'busybox'],
      ['one_container', 'other'],
      ['one_container', 'other'],
      ['host', 'unlisted-tool'],
      ['host', 'unlisted-script'],
      ['host', 'unlisted-tool'],
    ]);
    // The event names the container unless its cgroup is gone before somebody looks.
    const containers = new Set(refused.map(({ agent, container }) => `${agent.rule_id} ${container?.id ?? ''}`));
    expect([`one_container ${one}`, 'one_container ', 'host ']).toEqual(expect.arrayContaining([...containers]));
    expect(containers).toContain(`one_container ${one}`);
    expect(events.filter(({ portcullis }) => portcullis.verdict === 'unknown')).toEqual([]);
  });

  it('monitor reports the same', () => {
    const reported = events.filter(({ portcullis }) => portcullis.verdict === 'report' && portcullis.stage !== 'sweep');
    const rules = reported.map(({ agent }) => agent.rule_id);
    expect(rules.filter((rule) => rule === 'one_container')).toHaveLength(4);
    expect(rules.filter((rule) => rule === 'host')).toHaveLength(3);
  });
});
