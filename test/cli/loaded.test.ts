import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** The modules that a program loads, as paths below the checkout. */
function loadedBy(...words: string[]): string[] {
  const hook = new URL('./loaded-modules.mjs', import.meta.url).href;
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, ...words], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return [...stderr.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, path]) => path!.slice(process.cwd().length + 1));
}

const begins = (paths: readonly string[], ...beginnings: string[]) =>
  paths.filter((path) => beginnings.some((beginning) => path.startsWith(beginning)));

// What is loaded stays in memory for as long as the agent runs.
test('the agent carries no other verb, and no TUF and HTTP client where nothing is distributed', () => {
  const verb = loadedBy('bin/portcullis.js', 'run', '--help');
  const agent = loadedBy('--input-type=module', '-e', "await import('./dist/agent/run.js')");
  expect(verb).toContain('dist/cli/run.js');
  expect(agent).toContain('dist/agent/agent.js');
  expect(begins(verb, 'dist/cli/policy', 'dist/cli/rollout', 'dist/cli/status')).toEqual([]);
  const clients = ['node_modules/tuf-js/', 'node_modules/@tufjs/', 'node_modules/undici/', 'dist/rollout/repository/'];
  expect(begins([...verb, ...agent], ...clients)).toEqual([]);
  // That the hook sees them where they are:
  expect(begins(loadedBy('bin/portcullis.js', 'rollout', '--help'), ...clients)).not.toEqual([]);
});
