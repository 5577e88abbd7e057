/** Loads the policies that a verb was given. */
import {
  type LoadOptions,
  loadPolicies,
  PolicyFilesError,
  type Ruleset,
  readHostFacts,
  readPolicyFiles,
} from '../policy/index.js';
import { UsageError } from './verb.js';

export interface Loaded {
  readonly ruleset: Ruleset;
  /** The files that were read, refused ones included. */
  readonly files: readonly string[];
}

/** Throws UsageError when a path cannot be read or no policy is there. */
export async function load(paths: readonly string[], options: LoadOptions = {}): Promise<Loaded> {
  try {
    const files = await readPolicyFiles(paths);
    if (files.length === 0) throw new UsageError(`There is no \`*.policy\` file in ${paths.join(', ')}.`);
    const ruleset = loadPolicies(files, { host: readHostFacts(), ...options });
    return { ruleset, files: files.map(({ file }) => file) };
  } catch (error) {
    if (error instanceof PolicyFilesError) throw new UsageError(error.message);
    throw error;
  }
}
