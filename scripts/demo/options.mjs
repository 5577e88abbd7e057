// The command line of the demo.
import { NeedsHelpError } from '../lib/process.mjs';
import { KERNELS } from '../lib/vm.mjs';

export const USAGE = `usage: npm run demo [-- --kernel ${KERNELS.join('|')}] [-- --host]

Boots a virtual machine, starts the agent with the shipped policy set to enforce, and tries harmless stand-ins for miners,
first without the agent. Ends with a status other than 0 if anything differs from what is expected.

  --kernel VERSION  of the virtual machine; default 6.12
  --host            on this machine instead: as root, where bpf is an active LSM. For about half a minute the shipped policy is
                    enforced here, on everything that runs
`;

/**
 * @typedef {{where: 'vm', kernel: string} | {where: 'host'} | {where: 'help'}} Options
 * @param {string[]} words
 * @returns {Options}
 */
export function readOptions(words) {
  if (words.includes('--help')) return { where: 'help' };
  const [first, second, ...rest] = words;
  if (first === undefined) return { where: 'vm', kernel: '6.12' };
  if (first === '--host' && second === undefined) return { where: 'host' };
  if (first === '--kernel' && KERNELS.includes(second) && rest.length === 0) return { where: 'vm', kernel: second };
  throw new NeedsHelpError(`demo does not know ${words.join(' ')}\n\n${USAGE}`);
}
