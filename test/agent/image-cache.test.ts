import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import { decodeCachedImage } from '../../src/agent/cached-image.js';
import { hostKey } from '../../src/agent/kept-image.js';
import { record } from '../events/support.js';
import { Bench } from './support.js';

let first: Bench;
let next: Bench;
let agent: Agent | undefined;
let state: string;

beforeEach(() => {
  first = new Bench();
  next = new Bench();
  agent = undefined;
  state = join(first.directory, 'state');
});
afterEach(async () => {
  await agent?.stop('end of the test');
  first.dispose();
  next.dispose();
});

const stateOf = () => ({ state: { directory: { at: 'path', path: state } } }) as const;

/** An agent that has lived, so that the next one finds what it had in force. */
async function lived(): Promise<void> {
  const before = await first.start(stateOf());
  await before.stop('its time has come');
}

async function startNext(): Promise<void> {
  agent = await next.start(stateOf());
  await next.logged();
}

const cached = () => next.entries.find(({ msg }) => msg === 'image-cached');
const ignored = () => next.entries.filter(({ msg }) => msg === 'image-cache-ignored');

/** The file with one byte changed. */
function damage(at: (bytes: Buffer) => number): void {
  const path = join(state, 'image');
  const bytes = readFileSync(path);
  const index = at(bytes);
  bytes[index] = bytes[index]! ^ 1;
  writeFileSync(path, bytes);
}

describe('the image that was in force last', () => {
  test('is in force before policies are read, and stays when they make the same', async () => {
    await lived();
    next.writePolicy('xmrig');
    const compile = next.world.workshop.compile;
    next.world.workshop = {
      ...next.world.workshop,
      compile: (...parts) => {
        next.session.calls.push('compile');
        return compile(...parts);
      },
    };
    await startNext();
    expect(next.session.calls).toEqual(['selfTest', 'activate enforce', 'compile', 'keep', 'start']);
    expect(cached()).toMatchObject({ rules: 1, generation: 1, image: agent!.status.image });
    expect(agent!.status).toMatchObject({ generation: 1, rules: 1 });
  });

  test('gives way to what policies say now, and its records keep the names of their rules', async () => {
    await lived();
    next.writePolicy('other_miner');
    await startNext();
    expect(next.session.calls).toEqual(['selfTest', 'activate enforce', 'start', 'activate enforce']);
    expect(next.session.generation).toBe(2n);
    next.session.generation = 1n;
    next.session.send(record({ rules: [0] }));
    await expect
      .poll(() => next.entries.filter(({ msg }) => msg === 'event'))
      .toMatchObject([{ agent: { rule_id: 'deny_xmrig' } }]);
  });

  test('is swapped for itself where it asks what processes descend from', async () => {
    await lived();
    next.writePolicy('xmrig');
    next.session.orphans = 3;
    await startNext();
    expect(next.session.calls.filter((call) => call.startsWith('activate'))).toHaveLength(2);
  });

  test.each([
    ['a checksum that is another', 'damaged', (bytes: Buffer) => bytes.length - 1],
    ['facts that were altered', 'damaged', (bytes: Buffer) => bytes.indexOf('{') + 4],
    ['another format', 'other-format', () => 3],
  ])('is not used with %s', async (_, code, at) => {
    await lived();
    damage(at);
    await startNext();
    expect(ignored()).toMatchObject([{ level: 'warn', code, path: join(state, 'image') }]);
    expect(next.session.calls).toEqual(['selfTest', 'start', 'activate enforce']);
  });

  test('is not used when it is cut off', async () => {
    await lived();
    const path = join(state, 'image');
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    await startNext();
    expect(ignored()).toMatchObject([{ code: 'damaged' }]);
  });

  test('is not used on another host', async () => {
    await lived();
    next.world.hostId = () => 'another';
    await startNext();
    expect(ignored()).toMatchObject([{ code: 'other-host' }]);
  });

  test('is not used where the kernel does not take it', async () => {
    await lived();
    next.session.failures.set('activate', new Error('no slot is free'));
    await startNext();
    expect(ignored()).toHaveLength(1);
    expect(next.session.calls).toEqual(['selfTest', 'activate enforce', 'start', 'activate enforce']);
  });

  test('does not take the place of what an earlier agent left and still decides', async () => {
    await lived();
    next.session.before = { is: 'replacing', halves: 0, why: 'it is of another tier' };
    await startNext();
    expect(cached()).toBeUndefined();
    expect(next.session.calls).toEqual(['selfTest', 'start', 'activate enforce']);
  });

  test('does not outlive a start that fails', async () => {
    await lived();
    next.writeText('rules: [{id: bad, expression: "exec.file.nam =="}]\n');
    await expect(next.start(stateOf())).rejects.toMatchObject({ code: 'policy-without-rules' });
    expect(next.session.calls.slice(-2)).toEqual(['activate enforce', 'close']);
  });

  test('is that of the last reload', async () => {
    const before = await first.start(stateOf());
    first.writePolicy('second');
    await before.reload();
    await before.stop('its time has come');
    const kept = decodeCachedImage(readFileSync(join(state, 'image')), hostKey('test-host'));
    expect(kept.rules).toEqual([{ id: 'deny_second', mode: 'enforce', decidedBy: 'kernel' }]);
    expect(Buffer.from(kept.files[0]!.text).toString()).toContain('deny_second');
    expect(kept).toMatchObject({ generation: 2n, bootId: 'fake-boot', version: '1.0.0' });
  });

  test('that cannot be kept costs nothing but a line', async () => {
    writeFileSync(state, 'a file where a directory should be');
    await lived();
    expect(first.entries.filter(({ msg }) => msg === 'image-not-cached')).toHaveLength(1);
    expect(first.session.calls).toContain('activate enforce');
  });

  test('names the rules of what an earlier agent left in the kernel', async () => {
    await lived();
    next.writePolicy('other_miner');
    next.session.before = { is: 'adopted', halves: 0, generation: 1n, since: [5_000n], waiting: 0n, counters: {} };
    next.session.generation = 1n;
    await startNext();
    expect(next.session.calls).toEqual(['selfTest', 'start', 'activate enforce']);
    next.session.generation = 1n;
    next.session.send(record({ rules: [0] }));
    await expect
      .poll(() => next.entries.filter(({ msg }) => msg === 'event'))
      .toMatchObject([{ agent: { rule_id: 'deny_xmrig' } }]);
  });
});

describe('a rule that enforced before this agent', () => {
  const both = `version: 1.0.0
mode: enforce
rules:
  - {id: deny_new, expression: exec.file.name == "new", actions: [{deny: {}}]}
  - {id: deny_xmrig, expression: exec.file.name == "xmrig", actions: [{deny: {}}]}
`;

  test('is as old in another image as the kernel says', async () => {
    await lived();
    next.writeText(both);
    next.session.before = { is: 'adopted', halves: 0, generation: 1n, since: [5_000n], waiting: 0n, counters: {} };
    await startNext();
    expect(next.session.since).toEqual([undefined, 5_000n]);
  });

  test('is as old after a reload, where its image was not swapped', async () => {
    await lived();
    next.session.image = decodeCachedImage(readFileSync(join(state, 'image')), hostKey('test-host')).image;
    next.session.generation = 1n;
    next.session.since = [5_000n];
    next.session.before = { is: 'adopted', halves: 0, generation: 1n, since: [5_000n], waiting: 0n, counters: {} };
    await startNext();
    expect(next.session.calls).toEqual(['selfTest', 'keep', 'start']);
    next.writeText(both);
    await agent!.reload();
    expect(next.session.since).toEqual([undefined, 5_000n]);
  });
});
