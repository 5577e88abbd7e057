import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../scripts/lib/paths.mjs';

let directory: string;
let unpacked: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-pack-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory], { cwd: root });
  const [archive] = readdirSync(directory);
  execFileSync('tar', ['-xf', join(directory, archive!), '-C', directory]);
  unpacked = join(directory, 'package');
  // In place of npm install, which would need a network.
  symlinkSync(join(root, 'node_modules'), join(unpacked, 'node_modules'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (...words: string[]) => String(execFileSync(process.execPath, words, { cwd: unpacked }));

test('what npm packs runs: the command, the shipped policies, the addon and the BPF object', () => {
  expect(run('bin/portcullis.js', 'policy', 'check', 'policies')).toContain('13 rules');
  const script = `const { BpfObject, libbpfVersion } = await import('./dist/kernel/addon.js');
    BpfObject.open('build/bpf/exec.bpf.o', { programs: [] }).close();
    console.log(libbpfVersion());`;
  expect(run('--input-type=module', '-e', script)).toMatch(/^v1\./);
});

test('it carries no sources, tests or tools', () => {
  expect(readdirSync(unpacked).sort()).toEqual(
    ['README.md', 'bin', 'build', 'deploy', 'dist', 'node_modules', 'package.json', 'policies'].sort(),
  );
});
