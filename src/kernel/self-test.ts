/** Proof that a tier does what it claims: a harmless exec that the kernel must stop. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { compile } from '../compiler/index.js';
import { loadPolicies } from '../policy/index.js';
import { SessionError } from './errors.js';
import type { SelfTestResult } from './types.js';

const marker = 'portcullis-self-test';

/** The image of a policy that denies one argv[0] that nobody uses. */
export function selfTestImage(): Uint8Array {
  const policy = `version: 1.0.0
rules:
  - id: self_test
    expression: exec.argv0 == "${marker}"
    mode: enforce
    actions:
      - deny: {}
`;
  return compile(loadPolicies([{ file: 'self-test.policy', text: policy }])).image;
}

/** Executes this very program under the marked argv[0] and sees what becomes of it. It never runs when the tier works. */
export async function selfTestExec(expected: SelfTestResult['outcome']): Promise<SelfTestResult> {
  const begin = performance.now();
  const outcome = await outcomeOfExec();
  if (outcome !== expected)
    throw new SessionError('self-test', `the self-test exec should have been ${expected}; it ${outcome}`);
  return { milliseconds: performance.now() - begin, outcome: expected };
}

function outcomeOfExec(): Promise<string> {
  const name = (error: NodeJS.ErrnoException) =>
    error.code === 'EPERM' ? 'refused' : `failed with ${error.code ?? error.message}`;
  return new Promise((resolve) => {
    try {
      const child = spawn(process.execPath, ['--version'], { argv0: marker, stdio: 'ignore' });
      child.on('error', (error) => resolve(name(error)));
      child.on('exit', (code, signal) => resolve(signal === 'SIGKILL' ? 'killed' : `ran (exit ${code ?? signal})`));
    } catch (error) {
      // Node throws most errors of spawn and emits a few
      resolve(name(error as NodeJS.ErrnoException));
    }
  });
}
