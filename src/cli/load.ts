/** Loads the policies that a verb was given. */
import { compileEnforceable, type Plan } from '../compiler/index.js';
import {
  type LoadOptions,
  loadPolicies,
  PolicyFilesError,
  type Ruleset,
  readHostFacts,
  readPolicyFiles,
} from '../policy/index.js';
import { neverKnown } from '../rules/never-known.js';
import { UsageError } from './verb.js';

export interface Loaded {
  /** Without the rules that were refused. */
  readonly ruleset: Ruleset;
  readonly plan: Plan;
  /** The files that were read, refused ones included. */
  readonly files: readonly string[];
}

/** Reads, loads and compiles. Throws UsageError when a path cannot be read or no policy is there, else a CompileError. */
export async function load(paths: readonly string[], options: LoadOptions = {}): Promise<Loaded> {
  try {
    const files = await readPolicyFiles(paths);
    if (files.length === 0) throw new UsageError(`There is no \`*.policy\` file in ${paths.join(', ')}.`);
    const { ruleset, compiled } = compileEnforceable(loadPolicies(files, { host: readHostFacts(), ...options }));
    const { plan } = compiled;
    const diagnostics = [...ruleset.diagnostics, ...neverKnown(plan.rules)];
    return { ruleset: { ...ruleset, diagnostics }, plan, files: files.map(({ file }) => file) };
  } catch (error) {
    if (error instanceof PolicyFilesError) throw new UsageError(error.message);
    throw error;
  }
}
