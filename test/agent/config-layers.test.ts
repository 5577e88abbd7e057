import { describe, expect, test } from 'vitest';
import { FollowedConfig } from '../../src/agent/config-follow.js';
import type { ConfigSources } from '../../src/agent/config-layers.js';
import { defaultPolicies } from '../../src/agent/package.js';
import { layered } from './config-support.js';

const everyKey = `
policies: [/etc/a, /etc/b.policy]
listen: "[::1]:9000"
log: {level: warn, destination: /var/log/portcullis.log}
control: {socket: /tmp/c.sock}
on_unknown: enforce
on_unseen: enforce
sweep: enforce
scrub: {patterns: ['pin (\\d+)']}
tier: tracepoint
`;

describe('layers', () => {
  test('a file can say everything', () => {
    const { config, entries } = layered(everyKey);
    expect(config).toMatchObject({
      policies: ['/etc/a', '/etc/b.policy'],
      listen: { host: '::1', port: 9000 },
      log: { level: 'warn', destination: { to: 'file', path: '/var/log/portcullis.log' } },
      control: { socket: { at: 'path', path: '/tmp/c.sock' } },
      onUnknown: 'enforce',
      onUnseen: 'enforce',
      sweep: 'enforce',
      scrub: { patterns: ['pin (\\d+)'] },
      tier: 'tracepoint',
    });
    const listen = entries.find(({ setting }) => setting.key === 'listen');
    expect(listen!.origin).toEqual({ from: 'file', file: 'p.yaml', line: 3 });
  });

  test('all has defaults', () => {
    const { config, entries } = layered('');
    expect(config).toMatchObject({
      policies: [defaultPolicies()],
      listen: { host: '127.0.0.1', port: 9477 },
      log: { level: 'info', destination: { to: 'stdout' } },
      control: { socket: { at: 'path', path: '/run/portcullis/control.sock' } },
      onUnknown: 'report',
      onUnseen: 'report',
      sweep: 'report',
      scrub: { patterns: [] },
    });
    expect(config.tier).toBeUndefined();
    expect(new Set(entries.map(({ origin }) => origin.from))).toEqual(new Set(['default']));
  });

  test('the environment goes over the file, options over the environment', () => {
    const text = 'listen: 1\ntier: lsm\nlog: {level: warn}\n';
    const environment = { PORTCULLIS_LISTEN: '2', PORTCULLIS_TIER: 'kprobe' };
    const { config, entries } = layered(text, { environment, options: { listen: '3', policies: undefined } });
    expect(config).toMatchObject({ listen: { port: 3 }, tier: 'kprobe', log: { level: 'warn' } });
    const origin = (key: string) => entries.find(({ setting }) => setting.key === key)!.origin;
    expect(origin('listen')).toEqual({ from: 'option', option: '--listen' });
    expect(origin('tier')).toEqual({ from: 'environment', variable: 'PORTCULLIS_TIER' });
    expect(origin('log.level')).toMatchObject({ from: 'file', line: 3 });
  });

  test('a key without an option is not taken from the options', () => {
    expect(layered('', { options: { sweep: 'enforce' } }).config.sweep).toBe('report');
  });

  test.each([
    ['one path', '/a', ['/a']],
    ['a list', '[/a, "/b,c"]', ['/a', '/b,c']],
  ])('a variable with %s', (_, PORTCULLIS_POLICIES, policies) => {
    expect(layered('', { environment: { PORTCULLIS_POLICIES } }).config.policies).toEqual(policies);
  });

  test('an address that looks like a list is an address', () => {
    const environment = { PORTCULLIS_LISTEN: '[::1]:9000' };
    expect(layered('', { environment }).config.listen).toEqual({ host: '::1', port: 9000 });
  });

  test.each<[string, Partial<ConfigSources>, string]>([
    ['a variable', { environment: { PORTCULLIS_TIER: 'best' } }, 'PORTCULLIS_TIER: it takes `lsm`'],
    ['a variable that is no list', { environment: { PORTCULLIS_POLICIES: '[/a' } }, 'PORTCULLIS_POLICIES: '],
    ['an option', { options: { listen: 'here' } }, '--listen: '],
  ])('%s that is wrong is named', (_, sources, beginning) => {
    expect(() => layered('', sources)).toThrow(expect.objectContaining({ code: 'config-value' }));
    expect(() => layered('', sources)).toThrow(beginning);
  });

  test('a mistake in the file is one although something goes over it', () => {
    expect(() => layered('tier: best\n', { options: { tier: 'lsm' } })).toThrow('p.yaml:1:7');
  });

  test('a variable that is nearly ours is remarked on, one of somebody else is not', () => {
    const environment = { PORTCULLIS_LISTN: '1', PORTCULLIS_SERVICE_HOST: '10.0.0.1', LISTEN: 'x' };
    expect(layered('', { environment }).remarks).toEqual([
      'The environment variable PORTCULLIS_LISTN sets nothing: did you mean `PORTCULLIS_LISTEN`?',
    ]);
  });
});

describe('a configuration that is followed', () => {
  test('takes what it can, and says what waits until a restart', () => {
    let text = 'listen: 1\n';
    const followed = new FollowedConfig(() => layered(text));
    text = 'listen: 2\ntier: lsm\nsweep: off\n';
    const change = followed.reread();
    expect(change).toMatchObject({ reloaded: ['sweep'], waiting: ['listen', 'tier'] });
    expect(change.config).toMatchObject({ listen: { port: 1 }, sweep: 'off' });
    expect(change.config.tier).toBeUndefined();
    change.keep();
    // The listener is still the old one, so it still waits.
    expect(followed.reread()).toMatchObject({ reloaded: [], waiting: ['listen', 'tier'] });
  });

  test('a change that was not kept is reckoned again', () => {
    let text = '';
    const followed = new FollowedConfig(() => layered(text));
    text = 'sweep: off\n';
    followed.reread();
    expect(followed.reread().reloaded).toEqual(['sweep']);
    expect(followed.config.sweep).toBe('report');
  });
});
