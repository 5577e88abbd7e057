/** Names of users and groups on this host. A container has names of its own, which are not asked. */
import { readFileSync } from 'node:fs';

/** A table of names by id, as /etc/passwd and /etc/group have them: `name:password:id:...`. */
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
      // The first line of an id is the one the C library answers with.
      if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
    }
    this.#names = names;
  }

  name(uid: number): string | undefined {
    return this.#names.get(uid);
  }
}

/** The groups of this host. */
export function groupNames(): UserNames {
  return new UserNames(() => read('/etc/group'));
}

function readPasswd(): string {
  return read('/etc/passwd');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
