import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Archive } from '../../scripts/lib/cpio.mjs';

describe('a cpio archive', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portcullis-cpio-'));
    await mkdir(join(directory, 'tree', 'left-out'), { recursive: true });
    await writeFile(join(directory, 'tree', 'program'), 'seven b');
    await chmod(join(directory, 'tree', 'program'), 0o751);
    await symlink('program', join(directory, 'tree', 'link'));
    await writeFile(join(directory, 'tree', 'left-out', 'secret'), '');
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function write(archive: Archive): Promise<string> {
    const path = join(directory, 'archive');
    const output = await open(path, 'w');
    await archive.writeTo(output).finally(() => output.close());
    return path;
  }

  it('is read back by busybox as what went in', async (context) => {
    if (!existsSync('/usr/bin/busybox') && !existsSync('/bin/busybox')) context.skip('busybox is not installed');
    const archive = new Archive();
    const skipped = await archive.tree('/deep/down', join(directory, 'tree'), (path) => !path.endsWith('left-out'));
    archive.text('/etc/text', 'zażółć\n');
    await archive.file(['bin/one', 'bin/two'], join(directory, 'tree', 'program'));
    const path = await write(archive);

    const target = join(directory, 'unpacked');
    await mkdir(target);
    execFileSync('busybox', ['cpio', '-i', '-d', '-F', path], { cwd: target, stdio: 'ignore' });
    const listed = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %m %n %l\n'], {
      cwd: target,
      encoding: 'utf8',
    });
    expect(skipped).toEqual([]);
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .sort(),
    ).toEqual([
      'bin d 755 2',
      'bin/one f 751 2',
      'bin/two f 751 2',
      'deep d 755 3',
      'deep/down d 755 2',
      'deep/down/link l 777 1 program',
      'deep/down/program f 751 1',
      'etc d 755 2',
      'etc/text f 644 1',
    ]);
    expect(await readFile(join(target, 'etc/text'), 'utf8')).toBe('zażółć\n');
    expect(await readFile(join(target, 'bin/two'), 'utf8')).toBe('seven b');
  });

  it('keeps its shape when a file changes size after it was added', async () => {
    const growing = join(directory, 'growing');
    await writeFile(growing, '12345');
    const archive = new Archive();
    await archive.file(['growing'], growing);
    archive.text('after', 'intact');
    await writeFile(growing, '1234567890');
    const longer = await readFile(await write(archive), 'latin1');
    await writeFile(growing, '1');
    const shorter = await readFile(await write(archive), 'latin1');
    expect(longer).toContain('12345\0\0\0' + '070701');
    expect(shorter).toContain('1\0\0\0\0\0\0\0' + '070701');
    expect(shorter).toContain('intact');
  });
});
