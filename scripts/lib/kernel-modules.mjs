// What a kernel module says about itself: which modules it needs and by which aliases it is asked for.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Modules go by name with underscores, whatever the file is called. @param {string} path */
export function moduleName(path) {
  return basename(path)
    .replace(/\.ko(\.[a-z0-9]+)?$/, '')
    .replaceAll('-', '_');
}

/**
 * Reads the `key=value` strings of a module's .modinfo section. The section is a run of NUL-terminated strings, and no
 * other part of a module has strings of this shape, so the ELF headers need not be walked.
 * @param {string} path an uncompressed .ko file
 * @returns {Promise<{depends: string[], aliases: string[]}>}
 */
export async function readModuleInfo(path) {
  const text = (await readFile(path)).toString('latin1');
  const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? '';
  const aliases = [...text.matchAll(/\0alias=([^\0]*)(?=\0)/g)].map((match) => match[1]);
  return { depends: depends.split(',').filter(Boolean).map(moduleName), aliases };
}
