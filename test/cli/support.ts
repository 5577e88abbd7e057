import { Readable, Writable } from 'node:stream';
import { commandLine } from '../../src/cli/command-line.js';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs a command line in this process with streams of its own. */
export async function run(args: readonly string[], stdin = '', env: Record<string, string> = {}): Promise<Outcome> {
  const stdout = new Captured();
  const stderr = new Captured();
  const status = await commandLine(args, { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, env });
  return { status, stdout: stdout.text, stderr: stderr.text };
}
