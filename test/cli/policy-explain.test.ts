import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support.js';

let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  path = join(directory, 'test.policy');
  await writeFile(
    path,
    `mode: enforce
rules:
  - id: denied
    expression: exec.file.name == "xmrig"
    actions: [{deny: {}}]
  - id: monitored
    mode: monitor
    expression: exec.file.name == "xmrig"
    actions: [{deny: {}}]
  - id: killed
    expression: exec.file.name == "xmrig"
    actions: [{kill: {signal: SIGKILL}}]
  - id: below
    expression: exec.file.name == "xmrig" && process.ancestors.file.name == "nginx"
    actions: [{deny: {}}]
  - id: broken
    expression: exec.file.nam == "xmrig"
  - id: opened
    expression: open.file.path == "/etc/shadow"
`,
  );
});

afterAll(() => rm(directory, { recursive: true }));

test('each rule is placed, and a rule that does not load is named; status 1', async () => {
  const { status, stdout } = await run(['policy', 'explain', '--json', path]);
  expect(status).toBe(1);
  const explained = JSON.parse(stdout) as { rules: { id: string; why: string }[] };
  expect(explained).toMatchObject({
    rules: [
      { id: 'denied', line: 3, event: 'exec', mode: 'enforce', place: 'kernel-before-exec', act: 'refuse' },
      { id: 'monitored', mode: 'monitor', place: 'kernel-before-exec', act: 'report', inEnforce: 'refuse' },
      { id: 'killed', mode: 'enforce', place: 'kernel-at-exec', act: 'kill' },
      { id: 'below', place: 'kernel-before-exec', act: 'refuse' },
      { id: 'opened', event: 'open', mode: 'monitor', place: 'waiting', act: 'report' },
    ],
    conditions: 1,
    notLoaded: ['broken'],
    diagnostics: [{ rule: 'broken' }],
  });
  for (const { id, why } of explained.rules) expect(why, id).toMatch(/\.$/);
});

test('for a person: where, what and why; mistakes go to standard error', async () => {
  const { stdout, stderr } = await run(['policy', 'explain', path]);
  expect(stdout).toContain(
    `denied  ${path}:3\n  decides  in the kernel, before the exec\n  does     refused before exec\n`,
  );
  expect(stdout).toContain('reported only (mode: monitor); in mode enforce: refused before exec');
  expect(stdout).toContain("at the exec, before the program's first instruction\n  does     killed at exec");
  expect(stdout).toContain('not loaded: broken');
  expect(stdout).toMatch(/5 rules; image of \d+ bytes/);
  expect(stdout).toContain('  parents and ancestors: 1 condition\n');
  expect(stderr).toContain(`${path}:17:17: error[unknown-name]`);
});

test('the kernel decides every shipped rule, before the exec', async () => {
  const { status, stdout } = await run(['policy', 'explain', '--json', 'policies']);
  expect(status).toBe(0);
  const { rules } = JSON.parse(stdout) as { rules: { place: string }[] };
  expect(new Set(rules.map(({ place }) => place))).toEqual(new Set(['kernel-before-exec']));
});
