// A copy of the checkout in which mutants are tried.
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildDir, root } from './paths.mjs';
import { attempt, CommandError, run } from './process.mjs';

/** Milliseconds after which a run of tests has noticed that something hangs. */
const PATIENCE_MS = 180_000;

export class MutantCopy {
  /** @param {string} directory */
  constructor(directory) {
    this.directory = directory;
  }

  /** Copies what git knows of, as it is now; packages and the addon are shared with the checkout. */
  static async make() {
    const directory = await mkdtemp(join(tmpdir(), 'portcullis-mutants-'));
    const listed = await run(['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
    for (const path of listed.split('\0').filter(wanted)) {
      await mkdir(join(directory, dirname(path)), { recursive: true });
      // A file that was deleted and not committed is listed all the same.
      await cp(join(root, path), join(directory, path)).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    await mkdir(join(directory, 'build', 'bpf'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    await symlink(join(buildDir, 'Release'), join(directory, 'build', 'Release'));
    const copy = new MutantCopy(directory);
    await copy.buildBpf();
    return copy;
  }

  async remove() {
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * Runs `work` with the edit applied.
   * @template T
   * @param {import('../../test/mutants/list.mjs').Mutant} mutant
   * @param {() => Promise<T>} work
   * @returns {Promise<T | 'does not apply'>}
   */
  async with({ file, from, to }, work) {
    const path = join(this.directory, file);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.split(from).length !== 2) return 'does not apply';
    // A function: `$` in the new text is itself.
    await writeFile(
      path,
      text.replace(from, () => to),
    );
    const object = await readFile(this.#object);
    try {
      if (file.startsWith('bpf/')) await this.buildBpf();
      return await work();
    } finally {
      await writeFile(path, text);
      await writeFile(this.#object, object);
    }
  }

  /** What the tests load of the kernel programs. */
  get #object() {
    return join(this.directory, 'build', 'bpf', 'matcher.bpf.o');
  }

  /** By the copy's own build. @throws {CommandError} when the compiler refuses */
  async buildBpf() {
    const { href } = pathToFileURL(join(this.directory, 'scripts', 'lib', 'bpf-objects.mjs'));
    const { compileBpf } = await import(href);
    await compileBpf({ source: join(this.directory, 'bpf', 'matcher.bpf.c'), output: this.#object });
  }

  /**
   * Runs test files up to the first failure.
   * @param {readonly string[]} files
   * @param {NodeJS.ProcessEnv} env
   * @returns {Promise<{failed: string | undefined}>} the name of the test that failed
   * @throws {CommandError} when the tests could not be run at all
   */
  async test(files, env) {
    const report = join(this.directory, 'build', 'report.json');
    await rm(report, { force: true });
    const vitest = join('node_modules', '.bin', 'vitest');
    const options = ['--bail=1', '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`];
    const { status, stdout, stderr } = await attempt(
      ['timeout', '--signal=KILL', `${PATIENCE_MS / 1000}`, vitest, 'run', ...options, ...files],
      { cwd: this.directory, env: { ...process.env, ...env } },
    );
    if (status === 0) return { failed: undefined };
    if (status === 137) return { failed: `(no answer in ${PATIENCE_MS / 1000} s)` };
    const text = await readFile(report, 'utf8').catch(() => undefined);
    if (text === undefined) throw new CommandError(`the tests do not run:\n${stdout}${stderr}`, { status });
    const results = JSON.parse(text).testResults;
    const test = results.flatMap((file) => file.assertionResults).find((result) => result.status === 'failed');
    if (test !== undefined) return { failed: test.fullName };
    const file = results.find((result) => result.status === 'failed');
    return { failed: `(${file?.name.slice(this.directory.length + 1) ?? 'vitest'} does not load)` };
  }
}

/** Only what is built, run or read by the tests. @param {string} path */
function wanted(path) {
  return /^(bpf|scripts|src|test|policies)\//.test(path) || /^(package|tsconfig|vitest\.config)[^/]*$/.test(path);
}
