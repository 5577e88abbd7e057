import { expect, test } from 'vitest';
import { run } from './support.js';

test('every policy verb has help with an example of itself and its exit status, and takes --json', async () => {
  const { stdout } = await run(['policy', '--help']);
  const verbs = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\]| )/gm)].map(([, verb]) => verb!);
  const ours = verbs.filter((verb) => verb !== 'help');
  expect(ours.sort()).toEqual(['check', 'diff', 'eval', 'explain', 'fields', 'fmt', 'replay', 'schema', 'test']);
  for (const verb of ours) {
    const help = await run(['policy', verb, '--help']);
    expect(help.status, verb).toBe(0);
    expect(help.stdout, verb).toMatch(new RegExp(`\\$ .*portcullis policy ${verb}`));
    expect(help.stdout, verb).toMatch(/Exit status:\n {2}0 {2}\S/);
    expect(help.stdout, verb).toContain('--json');
  }
});
