// A reporter for vitest that writes how many tests passed and failed, why each skipped one was skipped, and each test by name:
// vitest's own JSON report leaves out what a test says when it skips itself. `PORTCULLIS_TALLY` names the file to write.
import { writeFileSync } from 'node:fs';

export default class TallyReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [], tests: [] };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file or a hook outside its tests that broke is a failure even if no test is.
      const broken = module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed');
      if (broken) tally.failed += 1;
      for (const test of tests) {
        count(tally, test);
        tally.tests.push(recordOf(module, test));
      }
    }
    writeFileSync(process.env.PORTCULLIS_TALLY, JSON.stringify(tally));
  }
}

/** @param {import('./test-report.mjs').Tally} tally @param {import('vitest/node').TestCase} test */
function count(tally, test) {
  const result = test.result();
  switch (result.state) {
    case 'passed':
      tally.passed += 1;
      break;
    case 'failed':
      tally.failed += 1;
      break;
    default:
      // Pending: the run ended before the test did.
      tally.skipped.push({ name: test.fullName, reason: result.note ?? reasonWithoutNote(test) });
  }
}

/** @param {import('vitest/node').TestCase} test */
function reasonWithoutNote(test) {
  if (test.result().state === 'pending') return 'the run ended before it';
  return test.options.mode === 'todo' ? 'not written yet' : 'no reason given';
}

/**
 * @param {import('vitest/node').TestModule} module
 * @param {import('vitest/node').TestCase} test
 * @returns {import('./test-report.mjs').TestRecord}
 */
function recordOf(module, test) {
  const { catalogue } = test.meta();
  const record = { file: module.relativeModuleId, name: test.fullName, state: test.result().state };
  return catalogue === undefined ? record : { ...record, catalogue };
}
