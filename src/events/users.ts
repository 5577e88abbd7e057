/** User names of this host, for `usr.id` and `process.user`. A container has names of its own, which are not asked. */
import { readFileSync } from 'node:fs';

export class UserNames {
  readonly #read: () => string;
  #names = new Map<number, string>();

  constructor(read: () => string = readPasswd) {
    this.#read = read;
    this.refresh();
  }

  /** Reads the table anew, as at a reload. */
  refresh(): void {
    const names = new Map<number, string>();
    for (const line of this.#read().split('\n')) {
      const [name, , uid] = line.split(':');
      // The first line of a uid is the one the C library answers with.
      if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
    }
    this.#names = names;
  }

  name(uid: number): string | undefined {
    return this.#names.get(uid);
  }
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
