import { describe, expect, test } from 'vitest';
import { catalogue, constants, eventTypes } from '../../../src/secl/index.js';

describe('the catalogue', () => {
  test('every field has a description, a canonical name and a type, and is found by its name', () => {
    for (const field of catalogue.all()) {
      expect(catalogue.find(field.name)).toBe(field);
      expect(field.description).not.toBe('');
      expect(catalogue.find(field.canonical), field.name).toSatisfy(
        (other) =>
          other !== undefined || field.name.startsWith('exec.file.metadata') || field.name === 'exec.syscall.path',
      );
    }
  });

  test.each([
    ['exec.file.path', { type: 'string', array: false, event: 'exec', path: true, canonical: 'process.file.path' }],
    ['process.args_flags', { type: 'string', array: true, event: 'common' }],
    ['process.ancestors.args_flags', { array: true, iterator: 'process.ancestors', element: 'args_flags' }],
    ['process.parent.interpreter.file.name', { type: 'string', array: false }],
    ['process.ancestors.length', { type: 'int', array: false, lengthOf: 'process.ancestors' }],
    ['exec.file.name.length', { type: 'int', lengthOf: 'exec.file.name' }],
    ['dns.question.name.root_domain', { type: 'string', foldCase: true }],
    ['process.created_at', { type: 'int', time: true }],
    ['network.destination.ip', { type: 'ip', restrictedTo: ['dns', 'imds', 'packet'] }],
    ['connect.addr.hostname', { type: 'string', array: true, foldCase: true }],
    ['ptrace.tracee.ancestors.uid', { iterator: 'ptrace.tracee.ancestors', event: 'ptrace' }],
    ['fim.write.file.path', { event: 'fim', path: true }],
    ['rename.file.destination.path', { event: 'rename', path: true }],
    ['ondemand.arg1.str', { type: 'string' }],
  ])('%s', (name, expected) => {
    expect(catalogue.find(name)).toMatchObject(expected);
  });

  test('every event that rules can be about has fields', () => {
    const without = new Set(['fork', 'login_uid']);
    for (const event of eventTypes) {
      expect(catalogue.all().some((field) => field.event === event)).toBe(!without.has(event));
    }
  });

  test('near names: what is misspelt is found, what is far off is not guessed', () => {
    expect(catalogue.nearest('exec.file.pth')[0]).toBe('exec.file.path');
    expect(catalogue.nearest('file.name')).not.toHaveLength(0);
    expect(catalogue.nearest('zzzzzzzzzzzzzzzz')).toEqual([]);
  });

  test('constants have the values of the system', () => {
    const values = {
      EPERM: -1n,
      EACCES: -13n,
      EHWPOISON: undefined,
      ERFKILL: -132n,
      EDQUOT: -122n,
      ENOTEMPTY: -39n,
      ENOMSG: -42n,
    };
    const more = {
      SIGKILL: 9n,
      SIGSYS: 31n,
      O_CREAT: 64n,
      O_CLOEXEC: 0x80000n,
      S_IXUSR: 64n,
      CAP_SYS_ADMIN: 1n << 21n,
    };
    const others = {
      CAP_CHECKPOINT_RESTORE: 1n << 40n,
      PTRACE_SEIZE: 0x4206n,
      AF_INET6: 10n,
      BPF_PROG_LOAD: 5n,
      BPF_PROG_TYPE_LSM: 29n,
    };
    for (const [name, value] of Object.entries({ ...values, ...more, ...others }))
      expect(constants.get(name), name).toBe(value);
  });
});
