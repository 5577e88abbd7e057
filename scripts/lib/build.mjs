// Everything that must be built before the project runs or is tested. Each part decides by itself whether it is stale.
import { join } from 'node:path';
import { buildAddon } from './addon.mjs';
import { buildBpfObjects } from './bpf-objects.mjs';
import { withLock } from './lock.mjs';
import { buildDir } from './paths.mjs';
import { say, seconds } from './process.mjs';
import { buildPrograms } from './programs.mjs';
import { buildTypeScript, linkCommand } from './typescript.mjs';

/** The parts by name, in the order they are built. Each says in a word or a list of names what it did. */
const PARTS = {
  typescript: async () => {
    const did = await buildTypeScript();
    await linkCommand();
    return did;
  },
  bpf: async () => listed(await buildBpfObjects()),
  addon: buildAddon,
  programs: async () => listed(await buildPrograms()),
};

/** @param {{built: string[]}} result */
function listed({ built }) {
  return built.length === 0 ? 'unchanged' : `built ${built.join(' ')}`;
}

/** Names that `build` accepts. */
export const buildParts = Object.keys(PARTS);

/**
 * Builds the named parts, one line a part. Two builds in one checkout wait for each other.
 * @param {{parts?: string[], report?: 'all' | 'changes'}} [options] default: all parts; `changes` says nothing of parts
 *   that were not stale
 * @throws {import('./process.mjs').CommandError} with the compiler's output
 */
export async function build({ parts = buildParts, report = 'all' } = {}) {
  await withLock(join(buildDir, '.lock'), async () => {
    for (const part of parts) {
      const started = Date.now();
      const did = await PARTS[part]();
      const quiet = report === 'changes' && (did === 'unchanged' || did === 'absent');
      if (!quiet) say(`build ${part}: ${did} (${seconds(Date.now() - started)})`);
    }
  });
}
