/** What is wrong with a value of the configuration, and what could be written instead. */
import type { z } from 'zod';
import type { Setting } from './config-schema.js';

type Issue = z.core.$ZodIssue;

/** A sentence without its subject: the place of the mistake goes before it. `issue`: what the schema of `setting` says. */
export function mistakeText({ key, takes }: Setting, issue: Issue): string {
  switch (issue.code) {
    // our own parsers, which say it themselves
    case 'custom':
      return issue.message;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'invalid_value':
      return `it takes ${takes}.`;
    default: {
      // of an element, the key is not its place
      const subject = issue.path.length === 0 ? 'it' : `\`${key}\``;
      return `${issue.message}; ${subject} takes ${takes}.`;
    }
  }
}
