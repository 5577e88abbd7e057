// The file system of one run: the cached base, the kernel's modules, the project, the caller's files, the command.
import { existsSync } from 'node:fs';
import { copyFile, open, realpath } from 'node:fs/promises';
import { Archive } from './cpio.mjs';
import { baseArchive } from './guest-base.mjs';
import { addProject } from './guest-project.mjs';
import { BOOT_MODULES } from './kernels.mjs';
import { CommandError, say } from './process.mjs';

/** The caller's files are unpacked into the guest's memory; more than this part of it does not fit beside their copy. */
export const FILES_PART_OF_MEMORY = 1 / 4;

/**
 * Writes the initramfs of one run.
 * @param {object} content
 * @param {string} content.output path of the file to write
 * @param {import('./kernels.mjs').Kernel} content.kernel
 * @param {Record<string, string>} content.files path in the guest -> file or directory of the host
 * @param {string[]} content.command
 * @param {Record<string, string>} content.env
 * @param {number} content.memory of the guest, in bytes
 */
export async function writeInitramfs({ output, kernel, files, command, env, memory }) {
  const archive = new Archive();
  await archive.file(['/init'], new URL('./guest/init', import.meta.url).pathname);
  await addKernelModules(archive, kernel);
  await addProject(archive);
  archive.text('/etc/portcullis-vm/command', commandScript(command, env));
  await addFiles(archive, files, memory);
  await copyFile(await baseArchive(), output);
  const handle = await open(output, 'a');
  try {
    await archive.writeTo(handle);
  } finally {
    await handle.close();
  }
}

/** @param {Archive} archive @param {Record<string, string>} files @param {number} memory */
async function addFiles(archive, files, memory) {
  const before = archive.size;
  for (const [path, hostPath] of Object.entries(files)) {
    if (!existsSync(hostPath)) throw new CommandError(`there is no ${hostPath} to put at ${path} in the guest`);
    const skipped = await archive.tree(path, await realpath(hostPath));
    if (skipped.length > 0) say(`left out of ${path}, neither files nor directories: ${skipped.join(' ')}`);
  }
  const size = archive.size - before;
  const limit = memory * FILES_PART_OF_MEMORY;
  if (size > limit) {
    throw new CommandError(
      `${Object.values(files).join(' ')} hold ${inMegabytes(size)}; a guest with ${inMegabytes(memory)} of memory takes ` +
        `${inMegabytes(limit)}. Share less, or give it more with --memory`,
    );
  }
}

/** @param {number} bytes */
function inMegabytes(bytes) {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/**
 * Modules under /lib/modules for modprobe, and the list that init loads.
 * @param {Archive} archive
 * @param {import('./kernels.mjs').Kernel} kernel
 */
async function addKernelModules(archive, kernel) {
  const { files, indexes, boot } = kernelModules(kernel, BOOT_MODULES);
  for (const { path, file } of files) await archive.file([path], file);
  for (const [path, text] of Object.entries(indexes)) archive.text(path, text);
  archive.text('/etc/portcullis-vm/modules', boot);
}

/**
 * The modules of a kernel as a guest has them.
 * @param {import('./kernels.mjs').Kernel} kernel
 * @param {string[]} first names of those that are loaded at boot
 * @returns {{files: {path: string, file: string}[], indexes: Record<string, string>, boot: string}} files with their paths
 *   in the guest; modules.dep and modules.alias as depmod would have written them; the paths of those to load at boot
 *   and all they need, in order, a line each
 */
export function kernelModules(kernel, first) {
  const directory = `/usr/lib/modules/${kernel.release}`;
  const byName = new Map(kernel.modules.map((module) => [module.name, module]));
  const dep = kernel.modules.map(({ name, depends }) =>
    `${name}.ko: ${depends.map((needed) => `${needed}.ko`).join(' ')}`.trimEnd(),
  );
  const alias = kernel.modules.flatMap(({ name, aliases }) => aliases.map((text) => `alias ${text} ${name}`));
  const boot = [];
  const load = (name) => {
    const module = byName.get(name);
    if (module === undefined || boot.includes(module.name)) return;
    module.depends.forEach(load);
    boot.push(module.name);
  };
  first.forEach(load);
  return {
    files: kernel.modules.map(({ name, file }) => ({ path: `${directory}/${name}.ko`, file })),
    indexes: { [`${directory}/modules.dep`]: lines(dep), [`${directory}/modules.alias`]: lines(alias) },
    boot: lines(boot.map((name) => `${directory}/${name}.ko`)),
  };
}

/** @param {string[]} list */
function lines(list) {
  return list.map((line) => `${line}\n`).join('');
}

/** What init reads: the environment and the command as positional parameters. @param {string[]} command @param {Record<string, string>} env */
function commandScript(command, env) {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return `${exports.join('')}set -- ${command.map(quote).join(' ')}\n`;
}

/** One word for the shell. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
