/** Which programs are never acted on, so that a rule cannot lock the operator out: by path here, by inode in the kernel. */
import { readFileSync } from 'node:fs';
import type { ProtectedFile } from '../kernel/types.js';
import type { Config } from './config.js';

export interface Protected {
  readonly path: string;
  readonly protection: ProtectedFile['protection'];
}

/** Spared themselves, and so are the shells that they start. */
const loginPrograms = [
  ...['/sbin/agetty', '/usr/sbin/agetty', '/bin/login', '/usr/bin/login', '/usr/sbin/sshd'],
  ...['/usr/lib/openssh/sshd-session', '/usr/libexec/openssh/sshd-session', '/usr/lib/ssh/sshd-session'],
  ...['/usr/lib/openssh/sshd-auth', '/usr/libexec/openssh/sshd-auth', '/usr/lib/ssh/sshd-auth'],
  ...['/usr/bin/sudo', '/bin/su', '/usr/bin/su', '/sbin/sulogin', '/usr/sbin/sulogin'],
  '/usr/lib/systemd/systemd-sulogin-shell',
];

/** What starts those, and what runs them; no more than themselves is spared. */
const programs = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd', '/usr/lib/systemd/systemd-executor'];

/** What the configuration protects. `launcher`: what starts the command line, if there is such a file. */
export function protectedPrograms(
  { files, logins, defaults }: Config['protected'],
  launcher: string | undefined,
  readShells: () => string = () => readFileSync('/etc/shells', 'utf8'),
): Protected[] {
  const all = (paths: readonly string[], protection: Protected['protection']) =>
    paths.map((path) => ({ path, protection }));
  const ours = defaults && launcher !== undefined ? [launcher] : [];
  return [
    ...all(defaults ? programs : [], ['program']),
    ...all(ours, ['program']),
    ...all(files, ['program']),
    ...all(defaults ? loginPrograms : [], ['program', 'login']),
    ...all(logins, ['program', 'login']),
    ...all(defaults || logins.length > 0 ? shellsOf(readShells) : [], ['shell']),
  ];
}

/** Paths in /etc/shells; without that file, the one that is always there. */
function shellsOf(read: () => string): string[] {
  try {
    const lines = read().split('\n');
    return lines.map((line) => line.trim()).filter((line) => line.startsWith('/'));
  } catch {
    return ['/bin/sh'];
  }
}
