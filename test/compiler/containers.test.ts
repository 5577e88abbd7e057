/** Rules about cgroups and containers, and allowlists as they are written for hosts and containers. */
import { describe, expect, test } from 'vitest';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { compile, compileEnforceable, interpret } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';
import { type Exec, executionOf, rulesFrom } from './support.js';

const known = (bytes: string) => ({ bytes, complete: true });
const id = 'c0ffee'.repeat(10).padEnd(64, '0');

function run(image: Uint8Array, name: string, container?: string, cgroup?: string) {
  const exec: Exec = { levels: [{ name: known(name) }] };
  const found = interpret(image, {
    ...executionOf(exec),
    ...(container !== undefined && { container: known(container) }),
    ...(cgroup !== undefined && { cgroup: known(cgroup) }),
  });
  return { true: found.true, unknown: found.unknown };
}

test.each<[string, string, string | undefined, boolean | 'unknown']>([
  ['container.id == ""', '', '/', true],
  ['container.id == ""', id, '/', false],
  ['container.id != ""', id, '/', true],
  ['process.container.id == "x"', 'x', '/', true],
  [`exec.container.id in ["a", "${id}"]`, id, '/', true],
  ['container.id =~ "c0ffee*"', id, '/', true],
  ['container.id not in [~"*beef*"]', id, '/', true],
  ['cgroup.id == "/"', '', '/', true],
  ['cgroup.id =~ "/system.slice/*"', '', '/system.slice/cron.service', true],
  ['process.cgroup.id =~ "*.service"', '', '/system.slice/docker', false],
  ['cgroup.id != "/"', '', undefined, 'unknown'],
])('%s', (text, container, cgroup, expected) => {
  const compiled = compile(rulesFrom({ one: `exec.file.name == "x" && ${text}` }));
  expect(compiled.plan.rules[0]!.place).toBe('kernel-before-exec');
  const found = run(compiled.image, 'x', container, cgroup);
  expect(found.true.includes(0) || (found.unknown.includes(0) ? 'unknown' : false)).toBe(expected);
});

test('what the kernel does not read of them goes to user space, and tags wait for their source', () => {
  const { plan } = compile(
    rulesFrom({
      made: 'exec.file.name == "x" && container.created_at < 5s',
      inode: 'exec.file.name == "x" && cgroup.file.inode == 1',
      version: 'exec.file.name == "x" && cgroup.version == 2',
      tags: 'exec.file.name == "x" && container.tags == "a:b"',
      tagsAbove: 'exec.file.name == "x" && process.ancestors.container.tags == "a:b"',
    }),
  );
  expect(plan.rules.map(({ place }) => place)).toEqual([
    'user-space',
    'user-space',
    'user-space',
    'waiting',
    'waiting',
  ]);
  expect(plan.rules[3]).toMatchObject({
    act: 'report',
    why: expect.stringMatching('Nothing reports container.tags yet'),
  });
});

describe('allowlists', () => {
  /** 170 names and 20 patterns, as a host with some services has them. */
  const names = Array.from({ length: 170 }, (_, at) => `tool-${(at * 7919).toString(36)}`);
  const globs = Array.from({ length: 20 }, (_, at) => `${at % 2 ? '*' : ''}helper${at}${at % 3 ? '*' : '-run'}`);
  const list = [...names.map((name) => `"${name}"`), ...globs.map((glob) => `~"${glob}"`)].join(', ');
  const policy = (mode: string) => `version: 1.0.0
mode: ${mode}
rules:
  - id: host
    expression: exec.file.name not in [${list}]
    actions: [{deny: {}}]
  - id: one_container
    expression: exec.file.name not in ["vault"] && container.id == "${id}"
    actions: [{deny: {}}]
  - id: on_the_host
    expression: exec.file.name not in ["vault"] && container.id == ""
    actions: [{deny: {}}]
`;

  test.each(['monitor', 'enforce'])('decide before the exec in mode %s, with one pass over each string', (mode) => {
    const { ruleset, compiled } = compileEnforceable(loadPolicies([{ file: 'test.policy', text: policy(mode) }]));
    expect(ruleset.diagnostics).toEqual([]);
    const act = mode === 'enforce' ? 'refuse' : 'report';
    for (const planned of compiled.plan.rules) expect(planned).toMatchObject({ place: 'kernel-before-exec', act });
    expect(compiled.plan.passes.map(({ stream, automata }) => [stream, automata.length])).toEqual([
      ['name', 1],
      ['container', 1],
    ]);
    // One test of the name for each list, whatever its length.
    expect(new ImageReader(compiled.image).clauses.map(({ literals }) => literals.length)).toEqual([1, 2, 2]);
  });

  test('let through what they list and nothing else', () => {
    const { image } = compile(loadPolicies([{ file: 'test.policy', text: policy('enforce') }]));
    const holds = (name: string, container: string) => run(image, name, container).true;
    for (const name of names) expect(holds(name, 'other')).toEqual([]);
    expect(holds('helper0-run', 'other')).toEqual([]);
    expect(holds('my-helper1-9', 'other')).toEqual([]);
    for (const name of ['', 'tool-', `${names[5]}x`, 'helper0-runs', 'Helper2'])
      expect(holds(name, 'other')).toEqual([0]);
    expect(holds('vault', id)).toEqual([0]);
    expect(holds('sh', id)).toEqual([0, 1]);
    expect(holds(names[0]!, '')).toEqual([2]);
  });

  test('are unknown where the container is', () => {
    const { image } = compile(loadPolicies([{ file: 'test.policy', text: policy('enforce') }]));
    expect(run(image, 'sh')).toEqual({ true: [0], unknown: [1, 2] });
    expect(run(image, 'vault')).toEqual({ true: [0], unknown: [] });
  });
});
