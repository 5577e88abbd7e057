/** Policy files to a Ruleset, with diagnostics that point at file, line and column. */
export { PolicyFilesError, readPolicyFiles } from './files.js';
export { type Formatted, formatPolicy } from './format.js';
export { anyLinux, type HostFacts } from './host.js';
export { readHostFacts } from './host-facts.js';
export { type LoadOptions, loadPolicies } from './load.js';
export type { PolicyFile } from './parse-file.js';
export { plain, renderDiagnostic, type Style } from './render.js';
export type * from './ruleset.js';
export { type Difference, runTest, type TestResult } from './run-tests.js';
export { policySchema } from './schema.js';
export { type FlatEvent, type PolicyTest, parseTestFile, type TestFile } from './test-file.js';
export { compatibleVersion } from './version.js';
