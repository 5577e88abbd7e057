// Writes archives in the format that Linux unpacks as an initramfs: cpio, SVR4 "newc" without checksums. The format is
// in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. Written here because an archive made of
// a list of entries needs no staging directory, no root and no cpio program.
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const FILE = 0o100000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;
const CHARACTER_DEVICE = 0o020000;

/** An archive is mostly small pieces; they are written together once they reach this many bytes. */
const BATCH = 4 << 20;

/**
 * One entry of an archive.
 * @typedef {object} Entry
 * @property {string} path in the guest, without a leading slash
 * @property {number} mode type and permissions
 * @property {number} size bytes of content
 * @property {number} inode shared by the names of one hard-linked file
 * @property {number} links
 * @property {number} mtime seconds since 1970
 * @property {[number, number]} device major and minor of a device node
 * @property {Buffer | string | undefined} content bytes, or the path of the host's file that holds them
 */

/** The content of an archive, collected before it is written. Missing parent directories are added. */
export class Archive {
  #entries = /** @type {Map<string, Entry>} */ (new Map());
  #nextInode = 1;

  /** Bytes of content so far. */
  get size() {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.size, 0);
  }

  /** True when the path is taken already. @param {string} path */
  has(path) {
    return this.#entries.has(relative(path));
  }

  /** @param {string} path @param {number} [permissions] */
  directory(path, permissions = 0o755) {
    this.#add(path, { mode: DIRECTORY | permissions });
  }

  /** @param {string} path @param {string | Buffer} content @param {number} [permissions] */
  text(path, content, permissions = 0o644) {
    const bytes = Buffer.from(content);
    this.#add(path, { mode: FILE | permissions, size: bytes.length, content: bytes });
  }

  /** @param {string} path @param {string} target */
  symlink(path, target) {
    const bytes = Buffer.from(target);
    this.#add(path, { mode: SYMLINK | 0o777, size: bytes.length, content: bytes });
  }

  /** @param {string} path @param {number} major @param {number} minor */
  characterDevice(path, major, minor) {
    this.#add(path, { mode: CHARACTER_DEVICE | 0o600, device: [major, minor] });
  }

  /**
   * A file of the host, under one or several names that share an inode.
   * @param {string[]} paths in the guest
   * @param {string} hostPath symbolic links are followed
   */
  async file(paths, hostPath) {
    const handle = await open(hostPath, 'r');
    const stats = await handle.stat().finally(() => handle.close());
    const inode = this.#nextInode++;
    const common = {
      mode: FILE | (stats.mode & 0o7777),
      inode,
      links: paths.length,
      mtime: Math.floor(stats.mtimeMs / 1000),
    };
    paths.forEach((path, index) => {
      // The kernel takes the content with the first name; the others only link to it.
      this.#add(path, index === 0 ? { ...common, size: stats.size, content: hostPath } : common);
    });
  }

  /**
   * A file or a directory of the host with all it holds. Symbolic links below it stay symbolic links.
   * @param {string} path in the guest
   * @param {string} hostPath
   * @param {(hostPath: string) => boolean} [keep] false leaves a file or a whole directory out
   * @returns {Promise<string[]>} host paths of what an archive cannot carry (sockets, pipes, devices) and was left out
   */
  async tree(path, hostPath, keep = () => true) {
    const stats = await lstat(hostPath);
    if (stats.isFile()) {
      await this.file([path], hostPath);
      return [];
    }
    if (stats.isSymbolicLink()) {
      this.symlink(path, await readlink(hostPath));
      return [];
    }
    if (!stats.isDirectory()) return [hostPath];
    this.directory(path, stats.mode & 0o7777);
    const skipped = [];
    for (const name of (await readdir(hostPath)).sort()) {
      const child = join(hostPath, name);
      if (keep(child)) skipped.push(...(await this.tree(join(path, name), child, keep)));
    }
    return skipped;
  }

  /**
   * Appends the archive to an open file. Archives may follow each other in one file.
   * @param {import('node:fs/promises').FileHandle} output
   */
  async writeTo(output) {
    let pending = [];
    let size = 0;
    const flush = async () => {
      if (size > 0) await output.appendFile(Buffer.concat(pending));
      pending = [];
      size = 0;
    };
    for (const entry of this.#entries.values()) {
      const pieces = [header(entry), await contentOf(entry), padding(entry.size)].filter((piece) => piece.length > 0);
      pending.push(...pieces);
      size += pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (size > BATCH) await flush();
    }
    pending.push(header(blank({ path: 'TRAILER!!!' })));
    size += 1;
    await flush();
  }

  /** @param {string} path @param {Partial<Entry>} entry */
  #add(path, entry) {
    const name = relative(path);
    if (name === '') return;
    const parent = dirname(name);
    if (parent !== '.' && !this.#entries.has(parent)) this.directory(parent);
    this.#entries.set(name, blank({ inode: this.#nextInode++, ...entry, path: name }));
  }
}

/** @param {string} path */
function relative(path) {
  return path.replace(/^\/+|\/+$/g, '');
}

/** @param {Partial<Entry>} entry @returns {Entry} */
function blank(entry) {
  return { path: '', mode: 0, size: 0, inode: 0, links: 1, mtime: 0, device: [0, 0], content: undefined, ...entry };
}

/** The entry's header and name, padded. @param {Entry} entry */
function header(entry) {
  const name = Buffer.from(`${entry.path}\0`);
  const [major, minor] = entry.device;
  const numbers = [
    entry.inode,
    entry.mode,
    0,
    0,
    entry.links,
    entry.mtime,
    entry.size,
    0,
    0,
    major,
    minor,
    name.length,
    0,
  ];
  const text = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([Buffer.from(text), name, padding(text.length + name.length)]);
}

/** Zeros up to the next multiple of four. @param {number} size */
function padding(size) {
  return Buffer.alloc((4 - (size % 4)) % 4);
}

/**
 * As many bytes as the header promises: a file that has grown since is cut, one that has become shorter gets zeros.
 * @param {Entry} entry
 */
async function contentOf({ content, size }) {
  if (size === 0 || content === undefined) return Buffer.alloc(0);
  const bytes = typeof content === 'string' ? await readFile(content) : content;
  return bytes.length >= size ? bytes.subarray(0, size) : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}
