/** The kernel parameter that keeps the agent from starting: the way out for a host that a policy has locked up. */
import { readFileSync } from 'node:fs';

export const OFF_PARAMETER = 'portcullis=off';

/** Whether the kernel was booted with `portcullis=off`. Where /proc is not to be read it was not. */
export function isSwitchedOff(readParameters: () => string = () => readFileSync('/proc/cmdline', 'utf8')): boolean {
  try {
    return readParameters().trim().split(/\s+/).includes(OFF_PARAMETER);
  } catch {
    return false;
  }
}
