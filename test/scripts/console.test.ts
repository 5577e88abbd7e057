import { describe, expect, it } from 'vitest';
import { complaints, tail } from '../../scripts/lib/console.mjs';

const START = '[ 5.4] portcullis-vm: the command starts\n';

describe('complaints', () => {
  it.each([
    '[ 6.0] WARNING: CPU: 0 PID: 7 at kernel/bpf/core.c:1 f+0x1/0x2',
    '[ 6.0] BUG: kernel NULL pointer dereference, address: 0000000000000000',
    '[ 6.0] Oops: 0000 [#1] PREEMPT SMP NOPTI',
    '[ 6.0] kernel BUG at mm/slub.c:1!',
  ])('finds %s', (line) => {
    expect(complaints(`${START}${line}\n[ 6.1] more\n`)).toEqual([line]);
  });

  it('leaves out what came before the command, and ordinary messages', () => {
    const ordinary =
      '[ 6.0] node[7]: segfault at 0 ip 0\n[ 6.1] traps: x general protection fault\n[ 6.2] DEBUG: nothing\n';
    expect(complaints(`[ 1.0] WARNING: CPU: 0 PID: 0 at boot\n${START}${ordinary}`)).toEqual([]);
  });
});

describe('tail', () => {
  it('is the last lines', () => {
    expect(tail('a\nb\nc\n\n', 2)).toBe('b\nc');
  });
});
