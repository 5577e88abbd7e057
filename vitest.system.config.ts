import { defineConfig } from 'vitest/config';

// Tests that boot Debian with systemd. The tests of a file are one story told on one machine.
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    fileParallelism: false,
    // A test may take minutes: each is said when it is over, not when its file is.
    reporters: ['verbose'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    bail: 1,
  },
});
