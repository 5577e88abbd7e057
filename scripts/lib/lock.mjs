// One set-up at a time: two terminals that fill the same cache would read each other's half-written files.
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './process.mjs';

/** How often a waiting set-up looks again (milliseconds). */
const POLL_MS = 200;

/** A person is told after this many looks. */
const TELL_ROUND = 10;

let counter = 0;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Runs `work` while holding the lock file, waiting for another process that holds it. A lock whose owner is gone (its
 * file holds the process id) is taken over.
 * @template T
 * @param {string} path the lock file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  await mkdir(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}.${counter++}`;
  await writeFile(mine, String(process.pid));
  try {
    for (let round = 0; !(await isTaken(mine, path)); round++) {
      const owner = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (owner > 0 && !isAlive(owner)) await removeStale(path, owner);
      else if (round === TELL_ROUND) say(`waiting for process ${owner}, which holds ${path}`);
      await sleep(POLL_MS);
    }
  } finally {
    await rm(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Takes the lock by a hard link, so that the file has its content from the first moment. @param {string} mine @param {string} path */
async function isTaken(mine, path) {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. Another one may have done so and taken the lock since it was read: the
 * file is moved aside first, and put back if it is not the one that was meant.
 * @param {string} path
 * @param {number} owner
 */
async function removeStale(path, owner) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (Number(await readFile(aside, 'utf8')) !== owner) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
