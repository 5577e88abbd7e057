// Where the demo runs: in a virtual machine, or on this machine when its user asks for that.
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guestProgramDir, guestProjectDir } from '../lib/guest-project.mjs';
import { root } from '../lib/paths.mjs';
import { CommandError, NeedsHelpError, say } from '../lib/process.mjs';
import { programDir } from '../lib/programs.mjs';
import { explainFailure, runInVm } from '../lib/vm.mjs';
import { planOf, RACE_TRIES } from './cases.mjs';

/** Seconds for everything in the guest, boot included. */
const TIME_LIMIT = 240;

const policy = 'policies/cryptominer.policy';
const script = (name) => join(root, 'scripts', 'demo', name);

/**
 * @param {string} kernel
 * @param {(chunk: Buffer) => void} onOutput
 * @throws {CommandError} when the guest did not come to its end
 */
export async function runInMachine(kernel, onOutput) {
  const directory = '/tmp/demo';
  await inScratch(async (scratch) => {
    await writeFile(join(scratch, 'plan'), planOf(directory));
    const words = [directory, '/share', guestProgramDir, join(guestProjectDir, policy), String(RACE_TRIES)];
    const result = await runInVm({
      kernel,
      command: ['sh', '/share/guest.sh', ...words],
      files: {
        '/share/guest.sh': script('guest.sh'),
        '/share/agent.sh': script('agent.sh'),
        '/share/plan': join(scratch, 'plan'),
      },
      timeout: TIME_LIMIT,
      onOutput: (channel, chunk) => (channel === 'out' ? onOutput(chunk) : process.stderr.write(chunk)),
    });
    const failure = explainFailure(result);
    if (failure !== undefined) throw new CommandError(failure);
  });
}

/** @param {(chunk: Buffer) => void} onOutput @throws {NeedsHelpError} where that cannot be */
export async function runOnHost(onOutput) {
  const modules = await readFile('/sys/kernel/security/lsm', 'utf8').catch(() => '');
  if (process.getuid?.() !== 0 || !modules.split(',').includes('bpf')) {
    throw new NeedsHelpError(
      `--host needs root, and bpf among the active security modules (they are: ${modules || 'not readable'}); leave it out ` +
        'to use a virtual machine',
    );
  }
  say('on this machine: the shipped policy is enforced here until the demo ends');
  await inScratch(async (scratch) => {
    const directory = join(scratch, 'demo');
    await writeFile(join(scratch, 'plan'), planOf(directory));
    await copyFile(script('agent.sh'), join(scratch, 'agent.sh'));
    const words = [directory, scratch, programDir, join(root, policy), String(RACE_TRIES)];
    const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`;
    const child = spawn('sh', [script('guest.sh'), ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PATH: path, AGENT_PORT: '19477' },
    });
    child.stdout.on('data', onOutput);
    await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
  });
}

/** @param {(directory: string) => Promise<void>} work */
async function inScratch(work) {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-demo-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
