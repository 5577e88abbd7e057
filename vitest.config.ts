import { defineConfig } from 'vitest/config';

// Test files mirror src/. Tests that boot virtual machines live under test/vm and run one after another.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vm/**'],
    testTimeout: 60_000,
  },
});
