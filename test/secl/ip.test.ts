import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { overlaps, parseIp, printIp } from '../../src/secl/ip.js';

describe('addresses', () => {
  test.each([
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/8/8',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::1.2.3',
    '::1/129',
    'x',
    '',
    '1:2:3:4:5:6:7::8',
  ])('%s is none', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3/16', '10.1.9.9', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:a00:1', '10.0.0.1', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['::ffff:0:0/96', '10.0.0.1', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['0.0.0.0/0', '255.255.255.255', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlaps(parseIp(a)!, parseIp(b)!)).toBe(expected);
    expect(overlaps(parseIp(b)!, parseIp(a)!)).toBe(expected);
  });

  test.each([
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
  ])('%s prints as %s', (text, expected) => {
    expect(printIp(parseIp(text)!)).toBe(expected);
  });

  test('print and parse round trip', () => {
    const groups = fc.array(fc.constantFrom(0, 1, 0xffff, 0xdb8), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (list) => {
        const network = parseIp(list.map((group) => group.toString(16)).join(':'))!;
        expect(parseIp(printIp(network))).toEqual(network);
      }),
    );
  });
});
