import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../../scripts/lib/deb/build.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { SystemMachine } from '../../scripts/lib/system/machine.mjs';
import { blocksOf, pages } from '../docs/blocks.js';
import { type Place, runPage } from '../docs/run-page.js';
import { Service } from './service.js';

/** In this order: the machine is set up by the first, and each goes on where the one before it ended. */
const story = [
  'vagrant/README.md',
  'docs/install.md',
  'docs/first-policy.md',
  'docs/monitor-to-enforce.md',
  'README.md',
  'docs/journal.md',
  'docs/operations.md',
];

/** Where the reader is. */
const here = '/srv/reader';

let directory: string;
let machine: SystemMachine;
let service: Service;
let place: Place;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-reader-'));
  const deb = await buildDeb({ directory });
  const patient = join(directory, 'patient.conf');
  // An emulated machine on a busy host takes minutes for what blocks an agent for a second.
  writeFileSync(patient, '[Service]\nTimeoutStartSec=10min\nWatchdogSec=10min\n');
  // The other tests of this folder look at 6.12.
  machine = await SystemMachine.boot({
    kernel: '6.1',
    files: {
      [`${here}/${basename(deb)}`]: deb,
      // What a page takes from a checkout lies as it does there.
      [`${here}/build/${basename(deb)}`]: deb,
      [`${here}/vagrant/provision.sh`]: join(root, 'vagrant', 'provision.sh'),
      [`${here}/deploy/prometheus`]: join(root, 'deploy', 'prometheus'),
      '/etc/systemd/system/portcullis.service.d/patient.conf': patient,
    },
  });
  service = new Service(machine);
  place = {
    run: (command) => machine.run(`cd ${here}\n${command}\n`),
    write: async (path, text) => {
      await machine.must(`printf %s ${Buffer.from(text).toString('base64')} | base64 -d > ${here}/${path}`);
    },
  };
});

afterAll(async () => {
  await machine?.end();
  rmSync(directory, { recursive: true, force: true });
});

test('no page with commands for a host is left out', () => {
  const withSome = pages().filter((page) => blocksOf(page).some(({ marks }) => marks.get('run') === 'host'));
  expect(withSome.sort()).toEqual([...story].sort());
});

test.each(story)('%s: what it says of a host comes out so', { timeout: 1_800_000 }, async (page) => {
  const problems = await runPage(page, 'host', place);
  if (problems.length > 0)
    problems.push(await machine.must('journalctl -b -u portcullis -o cat --no-pager | grep -v "^{.*event" | tail -30'));
  expect(problems.join('\n')).toBe('');
});

test('what the pages had refused and reported is in Prometheus, and its alert rules are loaded', async () => {
  const ask = (path: string) => machine.must(`curl -s 'http://127.0.0.1:9090/api/v1/${path}'`);
  const value = async (query: string) => {
    const { data } = JSON.parse(await ask(`query?query=${encodeURIComponent(query)}`)) as {
      data: { result: { value: [number, string] }[] };
    };
    return Number(data.result[0]?.value[1] ?? 0);
  };
  await service.eventually(async () => (await value('sum(portcullis_verdicts_total{verdict="refuse"})')) >= 3);
  expect(await value('sum(portcullis_verdicts_total{verdict="report"})')).toBeGreaterThan(0);
  expect(await value('count(portcullis_ready == 1)')).toBe(1);
  const rules = JSON.parse(await ask('rules')) as { data: { groups: { rules: unknown[] }[] } };
  expect(rules.data.groups.flatMap((group) => group.rules).length).toBeGreaterThan(5);
});

test('the agent is as small as its unit makes it', async () => {
  const status = await machine.must(`cat /proc/${await service.show('MainPID')}/status`);
  const resident = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  console.log(`resident: ${(resident / 1e6).toFixed(0)} MB`);
  expect(resident).toBeGreaterThan(0);
  // Busier than the idle one of `npm run bench -- idle`, which is to stay below 110 MB.
  expect(resident).toBeLessThan(150e6);
});

test('provisioned again, it is as it was', async () => {
  const commands = blocksOf('vagrant/README.md').filter(({ marks }) => marks.get('run') === 'host');
  expect(await place.run(commands[0]!.text)).toMatchObject({ status: 0 });
  expect(machine.complaints).toEqual([]);
});
