import { describe, expect, test } from 'vitest';
import { catalogue, EventError, eventFromFlat, unknownNames } from '../../src/secl/index.js';

function get(map: Record<string, unknown>, name: string): unknown {
  return eventFromFlat(map).get(catalogue.find(name)!);
}

describe('eventFromFlat', () => {
  test('exec.X and process.X stand for each other, and each may be given', () => {
    expect(get({ 'exec.pid': 1 }, 'process.pid')).toBe(1n);
    expect(get({ 'process.pid': 1 }, 'exec.pid')).toBe(1n);
    expect(get({ 'process.pid': 1, 'exec.pid': 2 }, 'exec.pid')).toBe(2n);
    expect(get({ 'exec.argv': ['-a'] }, 'process.args_flags')).toEqual(['a']);
    expect(get({ 'exec.argv': ['-a'] }, 'process.argv')).toEqual(['-a']);
  });

  test('args that are given are not derived', () => {
    expect(get({ 'exec.argv': ['a'], 'exec.args': 'b' }, 'exec.args')).toBe('b');
    expect(get({ 'process.parent.argv': ['a', 'b'] }, 'process.parent.args')).toBe('a b');
  });

  test('what is absent has its zero value', () => {
    expect(get({}, 'exec.comm')).toBe('');
    expect(get({}, 'process.pid')).toBe(0n);
    expect(get({}, 'process.is_kworker')).toBe(false);
    expect(get({}, 'exec.argv')).toEqual([]);
    expect(get({}, 'bind.addr.ip')).toEqual([]);
  });

  test('all forms of values', () => {
    expect(get({ 'exec.comm': 'é' }, 'exec.comm')).toBe('\xc3\xa9');
    expect(get({ 'exec.comm': { $base64: '/w==' } }, 'exec.comm')).toBe('\xff');
    expect(get({ 'exec.comm': { $truncated: 'ab' } }, 'exec.comm')).toEqual({ known: 'prefix', prefix: 'ab' });
    expect(get({ 'exec.comm': { $truncated: { $base64: '/w==' } } }, 'exec.comm')).toEqual({
      known: 'prefix',
      prefix: '\xff',
    });
    expect(get({ 'exec.comm': { $unknown: true } }, 'exec.comm')).toEqual({ known: 'nothing' });
    expect(get({ 'process.pid': '18446744073709551615' }, 'process.pid')).toBe(-1n);
    expect(get({ 'process.created_at': { $now_minus_ns: 5 } }, 'process.created_at')).toEqual({
      known: 'age',
      nanoseconds: 5n,
    });
    expect(get({ 'exec.argv': { $truncated: ['a'], partial: 'b' } }, 'exec.argv')).toEqual({
      known: 'elements',
      elements: ['a'],
      partial: 'b',
    });
    expect(get({ 'exec.argv': 'one' }, 'exec.argv')).toEqual(['one']);
  });

  test.each([
    ['process.pid', 'x'],
    ['process.pid', 1.5],
    ['process.pid', null],
    ['process.pid', { $truncated: '1' }],
    ['exec.comm', 1],
    ['exec.comm', ['a']],
    ['exec.argv', [1]],
    ['process.is_kworker', 1],
    ['bind.addr.ip', '1.2.3'],
    ['process.ancestors', 'x'],
    ['process.ancestors', ['x']],
    ['process.ancestors', [{ pid: 'x' }]],
  ])('%s cannot be %j', (name, value) => {
    expect(() => eventFromFlat({ [name]: value })).toThrow(EventError);
  });

  test('iterators as maps, with short or full names, or as parallel arrays', () => {
    const pid = catalogue.find('process.ancestors.pid')!;
    for (const map of [
      { 'process.ancestors': [{ pid: 1 }, { 'process.ancestors.pid': 2 }] },
      { 'process.ancestors.pid': [1, 2] },
    ]) {
      const list = eventFromFlat(map).iterate('process.ancestors');
      expect(list.elements.map((element) => element.get(pid))).toEqual([1n, 2n]);
      expect(list.complete).toBe(true);
    }
    expect(eventFromFlat({ 'process.ancestors': { $unknown: true } }).iterate('process.ancestors')).toEqual({
      elements: [],
      complete: false,
    });
  });

  test('names that are no field are passed over, and can be asked for', () => {
    expect(unknownNames({ 'exec.comm': 'a', 'exec.com': 'b', 'process.ancestors': [] })).toEqual(['exec.com']);
    expect(() => eventFromFlat({ 'exec.com': 5 })).not.toThrow();
  });
});
