import { defineConfig } from 'vitest/config';

// Tests that boot virtual machines. One after another: two emulated machines at once on a small host miss deadlines.
export default defineConfig({
  test: {
    include: ['test/vm/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
