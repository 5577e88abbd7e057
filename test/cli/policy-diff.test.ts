import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
});

afterAll(() => rm(directory, { recursive: true }));

interface Compared {
  readonly status: number;
  readonly stdout: string;
  readonly changes: { change: string; rule: string }[];
}

async function diff(before: string, after: string): Promise<Compared> {
  const [a, b] = [join(directory, 'a.policy'), join(directory, 'b.policy')];
  await writeFile(a, before);
  await writeFile(b, after);
  const { status, stdout } = await run(['policy', 'diff', a, b]);
  const json = JSON.parse((await run(['policy', 'diff', '--json', a, b])).stdout) as {
    same: boolean;
    changes: Compared['changes'];
  };
  expect(json.same).toBe(status === 0);
  return { status, stdout, changes: json.changes };
}

const policy = (rule: string, head = '') =>
  `mode: monitor\n${head}rules:\n  - id: one\n    ${rule}\n    actions: [{deny: {}}]\n`;
const base = policy('expression: exec.file.name in ["a", ~"b*"]');

test('layout, descriptions and tags change nothing', async () => {
  const same = `# another layout\n${base.replace('["a", ~"b*"]', '[ "a",  ~"b*" ]')}    description: x\n    tags: {a: b}\n`;
  expect(await diff(base, same)).toEqual({ status: 0, stdout: 'the same is enforced\n', changes: [] });
});

test('monitor to enforce', async () => {
  const { status, stdout, changes } = await diff(base, base.replace('monitor', 'enforce'));
  expect(status).toBe(1);
  expect(changes).toEqual([{ change: 'act', rule: 'one', before: 'report', after: 'refuse' }]);
  expect(stdout).toBe('one\n  what it hits is now refused before exec; it was reported only\n\n1 rule changed\n');
});

test('a rule more, a rule less', async () => {
  const more = `${base}  - id: two\n    expression: exec.uid == 0\n`;
  const added = await diff(base, more);
  expect(added.changes).toMatchObject([{ change: 'added', rule: 'two', act: 'report', place: 'kernel-at-exec' }]);
  expect(added.stdout).toContain('two\n  is new: reported only, decided in the kernel');
  const removed = await diff(more, base);
  expect(removed.changes).toMatchObject([{ change: 'removed', rule: 'two' }]);
  expect(removed.stdout).toContain('is gone');
});

test('an expression: what its lists gained and lost', async () => {
  const { stdout } = await diff(base, base.replace('"a"', '"c"'));
  expect(stdout).toContain(
    'its expression says something else\n    exec.file.name: new "c"\n    exec.file.name: no longer "a"\n',
  );
});

test('an expression of another shape is shown before and after', async () => {
  const { stdout } = await diff(base, policy('expression: exec.uid == 0'));
  expect(stdout).toContain(
    'its expression is now\n      exec.uid == 0\n  it was\n      exec.file.name in ["a", ~"b*"]\n',
  );
});

test('a macro that changes a rule', async () => {
  const using = (values: string) =>
    policy('expression: exec.file.name in NAMES', `macros:\n  - id: NAMES\n    values: ${values}\n`);
  const { stdout, changes } = await diff(using('[a]'), using('[a, b]'));
  expect(changes).toMatchObject([
    { change: 'expression', through: 'a macro', lists: [{ added: ['"b"'], removed: [] }] },
  ]);
  expect(stdout).toContain('a macro it uses says something else');
  expect(stdout).toContain('exec.file.name: new "b"');
});

test('a place and what is done there', async () => {
  const later = policy('expression: exec.file.name in ["a", ~"b*"] && exec.file.filesystem == "tmpfs"');
  const { changes, stdout } = await diff(base, later);
  expect(changes.map(({ change }) => change)).toEqual(['place', 'expression']);
  expect(stdout).toContain('decides now in user space, after the event; it did in the kernel, before the exec');
});

test('other actions', async () => {
  const { changes } = await diff(base, base.replace('{deny: {}}', '{deny: {}}, {hash: {}}'));
  expect(changes).toEqual([{ change: 'actions', rule: 'one', before: ['deny'], after: ['deny', 'hash'] }]);
});

test('a file that is not there: bad use', async () => {
  expect((await run(['policy', 'diff', '/nonexistent.policy', 'policies'])).status).toBe(2);
});
