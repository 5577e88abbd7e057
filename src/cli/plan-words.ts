/** How places and acts of the plan are told to a person. */
import type { Act, Place } from '../compiler/index.js';

export const places: Readonly<Record<Place, string>> = {
  'kernel-before-exec': 'in the kernel, before the exec',
  'kernel-at-exec': "in the kernel, at the exec, before the program's first instruction",
  'user-space': 'in user space, after the event',
  waiting: 'not yet: no event source',
};

export const acts: Readonly<Record<Act, string>> = {
  refuse: 'refused before exec',
  kill: 'killed at exec',
  'kill-after': 'killed after the event',
  report: 'reported only',
};
