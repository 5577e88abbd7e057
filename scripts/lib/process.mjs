// Running other programs, and telling the person what takes long.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Steps shorter than this stay silent (milliseconds). */
const SILENT_MS = 2_000;

/** A program of the tool chain that is missing or ended with a status other than 0; `output` is what it printed. */
export class CommandError extends Error {
  code = 'COMMAND_FAILED';
  /**
   * @param {string} message
   * @param {{status?: number, output?: string}} [detail]
   */
  constructor(message, detail = {}) {
    super(message);
    this.name = 'CommandError';
    this.status = detail.status ?? 1;
    this.output = detail.output ?? '';
  }
}

/** Something the person has to do first, e.g. install a package; `message` is the whole advice. Commands exit with 2. */
export class NeedsHelpError extends Error {
  code = 'NEEDS_HELP';
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'NeedsHelpError';
  }
}

/**
 * Runs a program and collects what it prints.
 * @param {string[]} argv
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<{status: number, stdout: string, stderr: string}>} status is 128 + n when signal n ended it
 */
export function attempt([file, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout = [];
    const stderr = [];
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    child.on('error', (error) => reject(new CommandError(`cannot run ${file}: ${error.message}`, { status: 127 })));
    child.on('close', (status, signal) =>
      resolve({
        status: status ?? (signal === 'SIGKILL' ? 137 : 143),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/**
 * Runs a program that must succeed.
 * @param {string[]} argv
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<string>} its standard output
 * @throws {CommandError} with everything it printed
 */
export async function run(argv, options = {}) {
  const { status, stdout, stderr } = await attempt(argv, options);
  if (status === 0) return stdout;
  const output = `${stdout}${stderr}`.trim();
  throw new CommandError(`${argv.join(' ')}: status ${status}\n${output}`, { status, output });
}

/**
 * Runs a program on the person's own terminal.
 * @param {string[]} argv
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<number>} its status
 */
export function runVisibly([file, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: 'inherit' });
    child.on('error', (error) => reject(new CommandError(`cannot run ${file}: ${error.message}`, { status: 127 })));
    child.on('close', (status, signal) => resolve(status ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

/**
 * The full path of a program, or undefined. The administrator's directories are searched too: PATH often lacks them.
 * @param {string} name
 * @returns {string | undefined}
 */
export function which(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories
    .filter(Boolean)
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}

/** One line of progress, on standard error so that standard output stays the command's own. @param {string} text */
export function say(text) {
  process.stderr.write(`portcullis: ${text}\n`);
}

/** Seconds with one decimal, for people. @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Runs one step. A step that takes longer than two seconds is announced while it runs and timed when it is done.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now();
  const announce = setTimeout(() => say(`${title} ...`), SILENT_MS);
  try {
    const result = await work();
    const took = Date.now() - started;
    if (took >= SILENT_MS) say(`${title}: done in ${seconds(took)}`);
    return result;
  } finally {
    clearTimeout(announce);
  }
}

/**
 * Runs a script's main function and turns its errors into one readable message and a status.
 * @param {() => Promise<number>} main returns the exit status
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof NeedsHelpError) {
      say(error.message);
      process.exitCode = 2;
    } else if (error instanceof CommandError) {
      say(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
