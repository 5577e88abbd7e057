// binding.gyp + native/ -> build/Release/portcullis.node
import { existsSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildDir, root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** Where node-gyp leaves the addon. */
export const addonPath = join(buildDir, 'Release', 'portcullis.node');

/**
 * The directory that holds include/node/node_api.h of the running node, if it was installed with its headers. Without
 * one, node-gyp downloads the headers from nodejs.org.
 * @returns {string | undefined}
 */
export function nodeHeaders() {
  const candidates = [join(dirname(process.execPath), '..'), '/usr'];
  return candidates.find((directory) => existsSync(join(directory, 'include', 'node', 'node_api.h')));
}

/**
 * Builds the addon when one of its sources changed.
 * @returns {Promise<'built' | 'unchanged' | 'absent'>} absent when this checkout has no binding.gyp
 */
export async function buildAddon() {
  const binding = join(root, 'binding.gyp');
  if (!existsSync(binding)) return 'absent';
  const abi = join(root, 'bpf', 'abi.h');
  const sources = [
    binding,
    ...filesIn(join(root, 'native'), /\.(cc|cpp|c|hh|hpp|h)$/),
    ...(existsSync(abi) ? [abi] : []),
  ];
  if (!isStale(addonPath, sources)) return 'unchanged';
  const gyp = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const headers = nodeHeaders();
  // `configure build`, never `rebuild`: rebuild removes build/, where the BPF objects are.
  await run(
    [
      process.execPath,
      gyp,
      'configure',
      'build',
      '--release',
      '--loglevel=error',
      ...(headers ? [`--nodedir=${headers}`] : []),
    ],
    { cwd: root },
  );
  // make leaves the file alone when only a comment changed; its time says when it was last known to be current.
  const now = new Date();
  await utimes(addonPath, now, now);
  return 'built';
}
