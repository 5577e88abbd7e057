// One set-up at a time: two terminals that fill the same cache would read each other's half-written files.
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './process.mjs';

/** How often a waiting set-up looks again (milliseconds). */
const POLL_MS = 200;

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
  let told = 0;
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => '0'));
    // An empty file is a lock being written this very moment; an owner that is gone left a stale one.
    if (owner > 0 && owner !== process.pid && !isAlive(owner)) await rm(path, { force: true });
    else if (told++ === 10) say(`waiting for another set-up (process ${owner}) that holds ${path}`);
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
