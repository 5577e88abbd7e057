// How new the C and C++ libraries of a host must be for the addon.
import { readFile } from 'node:fs/promises';

/** The release of gcc that brought a version of its C++ library's symbols; oldest first. */
const GCC_OF_GLIBCXX = [
  [28, 10],
  [29, 11],
  [30, 12],
  [31, 13],
  [32, 13],
  [33, 14],
];

/**
 * Symbol versions are plain strings in an ELF file: the highest of each library is what it needs.
 * @param {string} path of an ELF file
 * @returns {Promise<{libc: string, libstdcxx: string}>} versions of Debian's libc6 and libstdc++6
 */
export async function neededLibraries(path) {
  const text = (await readFile(path)).toString('latin1');
  const highest = (pattern) => Math.max(0, ...[...text.matchAll(pattern)].map(([, minor]) => Number(minor)));
  const glibcxx = highest(/\0GLIBCXX_3\.4\.(\d+)(?=\0)/g);
  const [, gcc] = GCC_OF_GLIBCXX.find(([symbols]) => symbols >= glibcxx) ?? [glibcxx, 99];
  return { libc: `2.${highest(/\0GLIBC_2\.(\d+)/g)}`, libstdcxx: String(gcc) };
}
