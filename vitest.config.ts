import { defineConfig } from 'vitest/config';

// Test files mirror src/. Tests that boot virtual machines live under test/vm and test/system and run one
// after another.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vm/**', 'test/system/**'],
    testTimeout: 60_000,
  },
});
