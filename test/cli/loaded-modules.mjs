// A hook for `node --import`: says on standard error which modules are loaded.
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { register } = await import('node:module');
  register(import.meta.url);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  writeSync(2, `loaded ${url}\n`);
  return next(url, context);
}
