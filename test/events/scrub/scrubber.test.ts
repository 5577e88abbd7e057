import { describe, expect, test } from 'vitest';
import type { EventJson } from '../../../src/events/event.js';
import { Scrubber } from '../../../src/events/scrub/scrubber.js';

const scrubber = new Scrubber();
/** Planted wherever a secret would stand. */
const secret = 'hunter2X';

describe('arguments', () => {
  test.each<[readonly string[], readonly string[]]>([
    [
      ['--password', secret, 'db'],
      ['--password', '***', 'db'],
    ],
    [
      ['-password', secret],
      ['-password', '***'],
    ],
    [[`--password=${secret} with blanks & more`], ['--password=***']],
    [
      ['--db-password', '-x', 'y'],
      ['--db-password', '***', 'y'],
    ],
    [
      ['--password', '--verbose', 'x'],
      ['--password', '--verbose', 'x'],
    ],
    [
      ['--password', '--token', secret],
      ['--password', '--token', '***'],
    ],
    [
      ['--api_key', secret],
      ['--api_key', '***'],
    ],
    [
      ['--apiKey', secret],
      ['--apiKey', '***'],
    ],
    [
      ['--key', secret],
      ['--key', '***'],
    ],
    [
      ['--pass', secret],
      ['--pass', '***'],
    ],
    [
      ['env', `DB_PASS=${secret} x`, 'run'],
      ['env', 'DB_PASS=***', 'run'],
    ],
    [
      ['env', `MYSQL_PWD=${secret}`],
      ['env', 'MYSQL_PWD=***'],
    ],
    [
      ['-H', `Authorization: Bearer ${secret}`],
      ['-H', 'Authorization: ***'],
    ],
    [
      ['Authorization:', 'Bearer', secret],
      ['Authorization:', 'Bearer', '***'],
    ],
    [
      ['bearer', secret],
      ['bearer', '***'],
    ],
    [
      ['-d', `{"user":"a","password":"${secret}","x":1}`],
      ['-d', '{"user":"a","password":***,"x":1}'],
    ],
    [
      ['-d', `{\\"token\\": \\"${secret}\\"}`],
      ['-d', '{\\"token\\": ***}'],
    ],
    [
      ['sh', '-c', `mysql --password=${secret} -u root`],
      ['sh', '-c', 'mysql --password=*** -u root'],
    ],
    [
      ['sh', '-c', `mysql --password '${secret} ${secret}' -u root`],
      ['sh', '-c', 'mysql --password *** -u root'],
    ],
    [
      ['sh', '-c', `X='a --token ${secret}' run`],
      ['sh', '-c', "X='a --token ***' run"],
    ],
    [[`https://h/?token=${secret}&page=2`], ['https://h/?token=***&page=2']],
    [[`postgres://app:${secret}@db/x`], ['postgres://app:***@db/x']],
    [[`postgres://app:${secret}@${secret}@db/x`], ['postgres://app:***@db/x']],
    [[`http://u:${secret}/y@db/x`], ['http://u:***@db/x']],
    [[`a://u:${secret}@h,b://u:${secret}@h`], ['a://u:***@h,b://u:***@h']],
    [['ghp_0123456789abcdefghij'], ['***']],
    [['x=glpat-0123456789abcdefghij'], ['x=***']],
    [[`eyJhbGciOiJI.eyJzdWIiOiIx.${secret}`], ['***']],
    [[`-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END`], ['-----BEGIN RSA PRIVATE KEY-----***-----END']],
  ])('%j', (args, shown) => {
    expect(scrubber.args(args)).toEqual(shown);
  });

  test.each<[readonly string[]]>([
    [['xmrig', '-o', 'stratum+tcp://pool.example:3333', '-u', '4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkbLYfpAV5', '-p', 'x']],
    [['stratum+tcp://4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkbLYfpAV5@pool:3333']],
    [['http://[::1]:80/@x', 'http://host:8080/a@b', 'ssh://git@host/repo']],
    [['--password-file', '/run/pw', '--token-ttl=5', '--max-tokens', '100', '--tokenizer', 'x']],
    [['passwd', 'root', 'monkey=1']],
    [['the key: a word', 'authors', 'secretary=x', 'keyboard', '--passwordless', 'login']],
    [['/etc/passwd', 'sha256:0123456789abcdef0123456789abcdef']],
    [['sk-short', 'ghp_short']],
  ])('what is no secret stays: %j', (args) => {
    expect(scrubber.args(args)).toEqual(args);
  });

  test('no text takes more than linear time', () => {
    const parts = ['password', '-eyJ', 'a://a:', '--key ', 'token="', '?token=&', 'bearer ', 'key=a"b', '"cookie: '];
    const nasty = [...parts, '-----BEGIN PRIVATE KEY-----'].map((part) => part.repeat(20_000));
    // Of this process alone, however busy the machine is.
    const before = process.cpuUsage();
    for (const text of nasty) scrubber.args([text]);
    const { user } = process.cpuUsage(before);
    // Twenty thousand repetitions that each looked at the rest took more than this for some of them.
    expect(user / 1_000).toBeLessThan(3_000);
  });
});

describe('patterns of the operator', () => {
  test('a pattern with a group hides the group, one without all it matches, over several arguments too', () => {
    const own = new Scrubber(['--pin (\\d+)', 'zebra-[a-z]+']);
    expect(own.args(['--pin', '1234', 'x', '--pin 99', 'a zebra-crossing'])).toEqual([
      '--pin',
      '***',
      'x',
      '--pin ***',
      'a ***',
    ]);
    expect(own.text('--pin 77')).toBe('--pin ***');
  });

  test.each([
    ['(', 'no RE2 pattern'],
    ['(?=x)y', 'no RE2 pattern'],
    ['x*', 'matches nothing at all'],
    [`(?:${'a'.repeat(2_000)})`, 'longer'],
  ])('one that cannot be used is refused: %.20s', (source, why) => {
    expect(() => new Scrubber([source])).toThrow(
      expect.objectContaining({ code: 'scrub-pattern', message: expect.stringContaining(why) }),
    );
  });

  test('a pattern that would hang a backtracking engine does not', () => {
    const own = new Scrubber(['(a|aa)+$', '\\b']);
    expect(own.text(`${'a'.repeat(2_000)}b`)).toHaveLength(2_001);
  });

  test('a text that is too long to be searched is not shown past that', () => {
    const shown = new Scrubber(['(?:[a-z]{100}){9}0']).text('b'.repeat(1_000_000));
    expect(shown.length).toBeLessThan(100_000);
    expect(shown.endsWith('***')).toBe(true);
  });
});

describe('events', () => {
  const event = (changes: object): EventJson =>
    ({
      agent: { rule_id: 'r', rule_actions: [] },
      title: 'started with --password on its command line',
      evt: { matched_rules: [{ id: 'token=x' }] },
      process: { args: ['--password', secret], ancestors: [] },
      cgroup: { inode: '1' },
      tags: ['secret=yes'],
      portcullis: { rules: [{ id: 'token=x' }] },
      ...changes,
    }) as unknown as EventJson;

  test('what its policy says stays, what its arguments hide goes', () => {
    expect(scrubber.event(event({}))).toEqual(event({ process: { args: ['--password', '***'], ancestors: [] } }));
  });

  test('bytes that are no text are searched as well', () => {
    const bytes = (text: string) => ({ $base64: Buffer.from(text, 'latin1').toString('base64') });
    const { process } = scrubber.event(
      event({ process: { args: [bytes(`\xff --token ${secret}`), 'x'], ancestors: [] } }),
    );
    expect(process.args).toEqual([bytes('\xff --token ***'), 'x']);
  });

  test('variables lose what the arguments had, named or not, now and later', () => {
    const own = new Scrubber();
    const shown = own.event(
      event({
        evt: { matched_rules: [], variables: { last: secret, all: `tool --password ${secret}`, list: [secret, 'ok'] } },
      }),
    );
    expect(shown.evt.variables).toEqual({ last: '***', all: 'tool --password ***', list: ['***', 'ok'] });
    const later = own.event(event({ process: { args: [], ancestors: [], variables: { kept: `x${secret}`, n: 5 } } }));
    expect(later.process.variables).toEqual({ kept: 'x***', n: 5 });
    expect(own.event(event({ cgroup: { inode: '1', variables: { my_token: 'abc' } } })).cgroup.variables).toEqual({
      my_token: '***',
    });
  });
});
