// A virtual machine whose clock counts instructions, with the programs of bench/guest/programs on a disk of its own.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDir, root } from '../../scripts/lib/paths.mjs';
import { CommandError, run, step } from '../../scripts/lib/process.mjs';
import { buildPrograms } from '../../scripts/lib/programs.mjs';
import { explainFailure, runInVm } from '../../scripts/lib/vm.mjs';

/** Of the file system that executed programs lie on: ext4, as on a server. */
const DISK_BYTES = 16 * 2 ** 20;

/**
 * Runs one of bench/guest in a virtual machine and collects what it says.
 * @param {object} wanted
 * @param {'6.1' | '6.12'} wanted.kernel
 * @param {string} wanted.script what bench/guest/start.sh starts, with its arguments
 * @param {object} wanted.plan /bench/plan.json in the guest
 * @param {Record<string, Uint8Array | string>} [wanted.contents] further files of /bench
 * @param {Record<string, string>} [wanted.files] path in the guest -> path here
 * @param {string} [wanted.cmdline]
 * @param {'wall' | 'instructions'} [wanted.clock]
 * @param {number} wanted.timeout seconds
 * @returns {Promise<{kernel: string, findings: Record<string, unknown>[]}>} the kernel's release; each line of JSON
 * @throws {CommandError} with what the guest said, when it did not come to its end
 */
export async function measureInGuest({ kernel, script, plan, contents = {}, files = {}, cmdline, clock, timeout }) {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
  try {
    const bench = join(directory, 'bench');
    await mkdir(bench);
    const texts = { 'plan.json': JSON.stringify(plan), ...contents };
    for (const [name, content] of Object.entries(texts)) {
      await mkdir(join(bench, name, '..'), { recursive: true });
      await writeFile(join(bench, name), content);
    }
    await writeDisk(join(bench, 'disk.img'));
    const result = await step(`exec benchmark on ${kernel}`, () =>
      runInVm({
        kernel,
        command: ['sh', '/bench/guest/start.sh', script],
        files: { '/bench': bench, '/bench/guest': join(root, 'bench', 'guest'), ...files },
        clock: clock ?? 'instructions',
        ...(cmdline !== undefined && { cmdline }),
        timeout,
      }),
    );
    const failure = explainFailure(result);
    if (failure !== undefined || result.status !== 0) {
      throw new CommandError(`${script}: ${failure ?? `status ${result.status}`}\n${result.output}`);
    }
    const lines = result.stdout.split('\n').filter((line) => line.startsWith('{'));
    return { kernel: result.kernel, findings: lines.map((line) => JSON.parse(line)) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param {string} path where a file system with the programs goes */
async function writeDisk(path) {
  const to = join(buildDir, 'bench-programs');
  await buildPrograms({ from: join(root, 'bench', 'guest', 'programs'), to });
  const blocks = String(DISK_BYTES / 1024);
  await run(['mke2fs', '-q', '-F', '-t', 'ext4', '-b', '1024', '-d', to, path, blocks]);
}
