import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// What the provisioning script does is tried in test/system/docs.test.ts.
test('the Vagrantfile is Ruby', (context) => {
  const { error, status, stderr } = spawnSync('ruby', ['-c', 'vagrant/Vagrantfile'], { encoding: 'utf8' });
  if (error !== undefined) context.skip('ruby is not installed: apt-get install ruby');
  expect(status, stderr).toBe(0);
});

test('it hands the provisioning script what that asks for, from where it is', () => {
  const text = readFileSync('vagrant/Vagrantfile', 'utf8');
  const sources = [...text.matchAll(/source: File\.join\(__dir__, '\.\.', (.*?)\)/g)].map(([, parts]) =>
    [...parts!.matchAll(/'([^']+)'/g)].map(([, part]) => part).join('/'),
  );
  expect(sources).toEqual(['deploy/prometheus']);
  expect(sources.filter((path) => !existsSync(path))).toEqual([]);
  const script = /path: '([^']+)', args: \[(.*)\]/.exec(text);
  expect(existsSync(`vagrant/${script?.[1]}`)).toBe(true);
  const destinations = [...text.matchAll(/destination: ('[^']+')/g)].map(([, destination]) => destination);
  expect(script?.[2]).toBe(destinations.join(', '));
});

test('without its two arguments the script says how it is called', () => {
  const { status, stderr } = spawnSync('sh', ['vagrant/provision.sh'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^usage: .*PACKAGE\.deb DIRECTORY\n$/);
});
