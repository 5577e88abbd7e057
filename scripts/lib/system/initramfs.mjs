// What a system machine boots with: its disk's modules, the files of the host, and the driver of its commands.
import { existsSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { Archive } from '../cpio.mjs';
import { kernelModules } from '../guest-files.mjs';
import { BOOT_MODULES, DISK_MODULES } from '../kernels.mjs';
import { CommandError, which } from '../process.mjs';

/** Under here lies what init copies onto the disk. */
const FILES = '/files';

const UNIT = '/etc/systemd/system/portcullis-system-driver.service';

/**
 * Writes the initramfs of one boot.
 * @param {object} content
 * @param {string} content.output path of the file to write
 * @param {import('../kernels.mjs').Kernel} content.kernel
 * @param {Readonly<Record<string, string>>} content.files path in the guest -> file or directory of the host
 */
export async function writeSystemInitramfs({ output, kernel, files }) {
  const busybox = which('busybox');
  if (busybox === undefined) throw new CommandError('busybox is missing: run `npm run setup`');
  const here = (name) => new URL(`./guest/${name}`, import.meta.url).pathname;
  const archive = new Archive();
  for (const directory of ['dev', 'root', 'proc', 'sys', FILES]) archive.directory(directory);
  archive.characterDevice('dev/console', 5, 1);
  await archive.file(['/bin/busybox'], busybox);
  await archive.file(['/init'], here('init'));
  const modules = kernelModules(kernel, [...DISK_MODULES, ...BOOT_MODULES]);
  for (const { path, file } of modules.files) await archive.file([path, `${FILES}${path}`], file);
  for (const [path, text] of Object.entries(modules.indexes)) archive.text(`${FILES}${path}`, text);
  archive.text('/modules', modules.boot);
  await archive.file([`${FILES}/usr/local/lib/portcullis-system/driver`], here('driver'));
  await archive.file([`${FILES}${UNIT}`], here('driver.service'));
  archive.symlink(`${FILES}/etc/systemd/system/multi-user.target.wants/portcullis-system-driver.service`, UNIT);
  for (const [path, hostPath] of Object.entries(files)) {
    if (!existsSync(hostPath)) throw new CommandError(`there is no ${hostPath} to put at ${path} in the machine`);
    await archive.tree(`${FILES}${path}`, await realpath(hostPath));
  }
  const handle = await open(output, 'w');
  await archive.writeTo(handle).finally(() => handle.close());
}
