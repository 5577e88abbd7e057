// The command line of `npm run vm`.
import { resolve } from 'node:path';
import { NeedsHelpError } from './process.mjs';
import { DEFAULTS, KERNELS } from './vm.mjs';

export const USAGE = `usage: npm run vm -- [OPTION...] -- COMMAND...

Boots a Debian kernel under qemu with the built project inside, runs COMMAND in it as root, and exits with its status.

  --kernel ${KERNELS.join('|')}    which kernel (default ${DEFAULTS.kernel})
  --cmdline TEXT       appended to the kernel's parameters, e.g. 'lsm=lockdown,capability'
  --share DIR          a copy of DIR at /share; at most a quarter of the guest's memory
  --timeout SECONDS    end the guest after that long (default ${DEFAULTS.timeout})
  --memory SIZE        of the guest, e.g. 512M or 4G (default ${DEFAULTS.memory})
  --allow-warnings     accept warnings of the guest's kernel

Exit status: COMMAND's own; 124 when the time limit passed; 125 when the guest's kernel panicked or complained; 2 when
the options do not make sense. PORTCULLIS_ACCEL=kvm uses hardware virtualization instead of emulation.
`;

/**
 * Reads the options; the command starts after \`--\` or at the first word that is no option.
 * @param {string[]} words
 * @returns {import('./vm.d.mts').VmRun & {kernel: string} | 'help'}
 * @throws {NeedsHelpError} on anything it does not know
 */
export function readVmOptions(words) {
  const rest = [...words];
  const options = {
    kernel: DEFAULTS.kernel,
    cmdline: '',
    files: {},
    timeout: DEFAULTS.timeout,
    memory: DEFAULTS.memory,
  };
  let warnings = 'fail';
  while (rest.length > 0 && rest[0].startsWith('-')) {
    const [name, attached] = splitOption(rest.shift());
    if (name === '--') break;
    const value = () => {
      const text = attached ?? rest.shift();
      if (text === undefined) throw badUse(`${name} needs a value`);
      return text;
    };
    switch (name) {
      case '--help':
        return 'help';
      case '--kernel':
        options.kernel = value();
        if (!KERNELS.includes(options.kernel))
          throw badUse(`there is no kernel ${options.kernel}, only ${KERNELS.join(' and ')}`);
        break;
      case '--cmdline':
        options.cmdline = value();
        break;
      case '--share':
        options.files = { '/share': resolve(value()) };
        break;
      case '--timeout':
        options.timeout = Number(value());
        if (!(options.timeout > 0)) throw badUse('--timeout takes a number of seconds');
        break;
      case '--memory':
        options.memory = value();
        break;
      case '--allow-warnings':
        warnings = 'allow';
        break;
      default:
        throw badUse(`there is no option ${name}`);
    }
  }
  if (rest.length === 0) throw badUse('there is no command to run');
  return { ...options, warnings, command: rest };
}

/** `--name=value` is `--name value`. @param {string} word @returns {[string, string | undefined]} */
function splitOption(word) {
  const equals = word.indexOf('=');
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** @param {string} problem */
function badUse(problem) {
  return new NeedsHelpError(`${problem}\n\n${USAGE}`);
}
