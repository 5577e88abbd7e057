import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVmOptions } from '../../scripts/lib/vm-options.mjs';

describe('the options of npm run vm', () => {
  it('end at --, and the rest is the command with its own options', () => {
    const words = [
      '--kernel',
      '6.1',
      '--cmdline=lsm=lockdown,capability',
      '--timeout',
      '9',
      '--',
      'ls',
      '--kernel',
      '--',
      'x',
    ];
    expect(readVmOptions(words)).toMatchObject({
      kernel: '6.1',
      cmdline: 'lsm=lockdown,capability',
      timeout: 9,
      command: ['ls', '--kernel', '--', 'x'],
    });
  });

  it('end at the first word that is no option', () => {
    expect(readVmOptions(['uname', '-r'])).toMatchObject({
      kernel: '6.12',
      warnings: 'fail',
      command: ['uname', '-r'],
    });
  });

  it('share a directory relative to where the command was given', () => {
    expect(readVmOptions(['--share', 'some', '--', 'ls'])).toMatchObject({ files: { '/share': resolve('some') } });
  });

  it('may accept warnings of the kernel', () => {
    expect(readVmOptions(['--allow-warnings', 'ls'])).toMatchObject({ warnings: 'allow' });
  });

  it.each([
    [['--kernel', '5.10', '--', 'ls'], 'there is no kernel 5.10, only 6.1 and 6.12'],
    [['--kernal', '6.1', '--', 'ls'], 'there is no option --kernal'],
    [['--timeout', 'soon', '--', 'ls'], '--timeout takes a number of seconds'],
    [['--share'], '--share needs a value'],
    [['--kernel', '6.1', '--'], 'there is no command to run'],
    [[], 'there is no command to run'],
  ])('are refused when they make no sense: %j', (words, message) => {
    expect(() => readVmOptions(words)).toThrow(message);
  });
});
