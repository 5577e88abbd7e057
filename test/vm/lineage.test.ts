// What a program descends from, on real kernels: every way a line of processes goes on, and across swaps of the policy.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import { type KernelVersion, onEachKernel, runInGuest } from './guest.js';
import { sectionsOf } from './sections.js';

const deny = 'mode: enforce\n    actions:\n      - deny: {}';
const policy = (rules: Record<string, string>) =>
  `version: 1.0.0\nrules:\n${Object.entries(rules)
    .map(([id, expression]) => `  - id: ${id}\n    expression: ${expression}\n    ${deny}\n`)
    .join('')}`;

const policies = {
  first: policy({
    tool_under_web: 'exec.file.name == "tool" && process.ancestors.file.name == "nginx"',
    miner_by_php:
      'exec.file.name == "miner" && process.parent.file.name =~ "php*" && process.ancestors.file.name == "nginx" && process.ancestors.file.name == "dash"',
  }),
  second: policy({
    tool_under_web_path: 'exec.file.name == "tool" && process.ancestors.file.path == "/tmp/vm/bin/nginx"',
  }),
  third: policy({ nobody: 'exec.file.name == "nobody-has-this-name"' }),
};

const ways = ['fork', 'vfork', 'clone-parent', 'thread', 'other-thread', 'double', 'exec'];
const refusedCases = [
  ...ways.map((way) => `web-${way}`),
  ...ways.map((way) => `twice-${way}`),
  'deep',
  'web-miner',
  'replaced',
];
const runningCases = [...ways.map((way) => `login-${way}`), 'login-miner', 'web-miner-not-php', 'after'];

async function runGuest(kernel: KernelVersion): Promise<ReadonlyMap<string, readonly string[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-lineage-'));
  try {
    const files: Record<string, string> = {
      '/share/agent.sh': fileURLToPath(new URL('../../scripts/demo/agent.sh', import.meta.url)),
      '/share/guest.sh': fileURLToPath(new URL('lineage/guest.sh', import.meta.url)),
    };
    for (const [name, text] of Object.entries(policies)) {
      files[`/share/${name}.policy`] = join(directory, name);
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
  const section = (name: string): readonly string[] => sections.get(name) ?? [];

  beforeAll(async () => {
    sections = await runGuest(kernel);
  }, 420_000);

  it.each([...refusedCases, ...runningCases])('without the agent %s runs', (name) => {
    expect(section('without')).toContain(`ran ${name}`);
  });

  it.each(refusedCases)('%s is stopped', (name) => {
    expect(section('with')).toContain(`stopped ${name}`);
  });

  it.each(runningCases)('%s runs', (name) => {
    expect(section('with')).toContain(`ran ${name}`);
  });

  describe('processes that live already', () => {
    it('are known when the agent starts', () => {
      expect(section('early')).toEqual(['stopped early', 'ran early-login']);
    });

    it('are known to the next policy, by what they and the dead before them executed', () => {
      expect(section('swapped')).toEqual(['stopped swapped', 'ran swapped-login', 'stopped between']);
    });
  });

  it('nothing was unknown', () => {
    const log = section('log').map((line) => JSON.parse(line) as { msg: string });
    expect(log.filter(({ msg }) => msg === 'lineage-unknown')).toEqual([]);
    const events = log.filter(({ msg }) => msg === 'event') as unknown as EventJson[];
    expect(events.filter(({ portcullis }) => portcullis.verdict === 'unknown')).toEqual([]);
    const lost = section('metrics').filter((line) => line.startsWith('portcullis_lineage_lost_total'));
    expect(lost).toEqual(['portcullis_lineage_lost_total{reason="no_memory"} 0']);
  });
});
