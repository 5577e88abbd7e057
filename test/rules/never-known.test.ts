import { expect, test } from 'vitest';
import { planRules } from '../../src/compiler/index.js';
import { neverKnown } from '../../src/rules/never-known.js';
import { rulesFrom } from '../compiler/support.js';

const warned = (text: string) => neverKnown(planRules(rulesFrom({ one: text })).rules);

test.each([
  ['what events carry', 'exec.file.name == "x" && process.parent.comm == "sh"'],
  ['what only the kernel reads, where the kernel decides', 'exec.file.uid == 0 && exec.envs == "LD_PRELOAD"'],
  ['what waits for an event', 'open.file.path == "/etc/shadow"'],
  ['what waits for its source', 'exec.file.name == "x" && container.tags == "a:b"'],
])('nothing is said of %s', (_, text) => {
  expect(warned(text)).toEqual([]);
});

test('the fields that no event carries are named, each once', () => {
  const text =
    'exec.file.filesystem == "tmpfs" || exec.file.filesystem == "nfs" || process.parent.envs == "X" && exec.uid == 0';
  expect(warned(`${text} && process.parent.pid == 1`)).toMatchObject([
    {
      severity: 'warning',
      code: 'never-known',
      rule: 'one',
      line: 1,
      message: expect.stringMatching('`exec.file.filesystem`, `process.parent.envs` yet'),
    },
  ]);
});

test('a fact of the kernel is none of user space: a rule that user space decides cannot ask for it', () => {
  expect(warned('exec.file.uid == 0 && exec.user == "x"')).toMatchObject([
    { message: expect.stringMatching('exec.file.uid') },
  ]);
});
