import { describe, expect, it, test } from 'vitest';
import { complaints, isStaleBreakpoint, tail } from '../../scripts/lib/console.mjs';

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

describe('a breakpoint that is there no longer', () => {
  const died = '[  178.7] int3: 0000 [#1] PREEMPT SMP NOPTI';
  const at = '[  178.8] RIP: 0010:bpf_lsm_bprm_check_security+0x5/0x10';

  test('is one at the call that attaching patches', () => {
    expect(isStaleBreakpoint(`${died}\n[  178.7] CPU: 1\n${at}\n`)).toBe(true);
  });

  test.each([
    ['another fault there', `[  178.7] Oops: 0000 [#1] PREEMPT SMP\n${at}`],
    ['a breakpoint elsewhere', `${died}\n[  178.8] RIP: 0010:do_exit+0x5/0x10`],
    ['a breakpoint further into a hook', `${died}\n[  178.8] RIP: 0010:bpf_lsm_bprm_check_security+0x9/0x10`],
  ])('and not %s', (_, console) => {
    expect(isStaleBreakpoint(console)).toBe(false);
  });
});
