/** A control group of a test's own, whose processes are bounded in number, so that a fork bomb in it harms nobody. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { unifiedMount } from '../../../src/events/cgroups.js';

const mounts = readFileSync('/proc/mounts', 'utf8');
const root = unifiedMount(mounts);
/** Where version 1 counts processes beside the default hierarchy. */
const counting = / (\S+) cgroup \S*\bpids\b/.exec(mounts)?.[1];

/** Why there can be none here; undefined: there can. */
export const noCgroups =
  root === undefined
    ? 'the default hierarchy is not mounted'
    : process.getuid?.() !== 0
      ? 'needs root'
      : counting === undefined && !existsSync(`${root}/cgroup.subtree_control`)
        ? 'processes are not counted'
        : undefined;

export class TestCgroup {
  readonly path: string;
  readonly #directories: string[];
  #children: ChildProcess[] = [];

  /** `most`: processes it can hold. */
  constructor(name: string, most: number) {
    this.path = `/portcullis-test-${process.pid}-${name}`;
    this.#directories = [root + this.path, ...(counting === undefined ? [] : [counting + this.path])];
    for (const directory of this.#directories) mkdirSync(directory);
    if (counting === undefined) writeFileSync(`${root}/cgroup.subtree_control`, '+pids');
    writeFileSync(`${this.#directories.at(-1)}/pids.max`, String(most));
  }

  get id(): bigint {
    return statSync(root + this.path, { bigint: true }).ino;
  }

  get directory(): string {
    return root + this.path;
  }

  read(file: string): string {
    return readFileSync(`${root}${this.path}/${file}`, 'utf8');
  }

  get pids(): number[] {
    return this.read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  }

  /** A control group below it. */
  below(name: string): string {
    const directory = `${root}${this.path}/${name}`;
    mkdirSync(directory);
    this.#directories.unshift(directory);
    return directory;
  }

  /** Runs a program in it; the child is the program itself. */
  run(program: string, ...args: string[]): ChildProcess {
    const enter = this.#directories
      .filter((each) => each.endsWith(this.path))
      .map((each) => `echo $$ > ${each}/cgroup.procs`);
    const child = spawn('sh', ['-c', `${enter.join(' && ')} && exec "$0" "$@"`, program, ...args], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#children.push(child);
    return child;
  }

  /** Each of its processes forks for as long as it lives. */
  bomb(): ChildProcess {
    return this.run('perl', '-e', 'while (1) { fork; select(undef, undef, undef, 0.005) }');
  }

  /** Ends what is left in it, and removes it. */
  async dispose(): Promise<void> {
    writeFileSync(`${root}${this.path}/cgroup.freeze`, '0');
    writeFileSync(`${root}${this.path}/cgroup.kill`, '1');
    const end = performance.now() + 10_000;
    while (this.read('cgroup.events').includes('populated 1') && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const directory of this.#directories) rmdirSync(directory);
  }
}
