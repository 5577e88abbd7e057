import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The installed command, which needs a build: `npm test` makes one. */
test.skipIf(!existsSync('dist/cli/main.js'))('the command as it is installed', () => {
  const portcullis = (args: readonly string[], input = '') =>
    spawnSync(process.execPath, ['bin/portcullis.js', ...args], { input, encoding: 'utf8' });
  expect(portcullis(['policy', 'check', 'policies'])).toMatchObject({ status: 0, stderr: '' });
  expect(portcullis(['nonsense']).status).toBe(2);
  const evaluation = portcullis(['policy', 'eval', '--expression', 'exec.uid == 0', '--event', '-'], '{"exec.uid": 1}');
  expect(evaluation).toMatchObject({ status: 1, stdout: 'false\n' });
});
