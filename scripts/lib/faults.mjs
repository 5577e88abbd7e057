// The page about faults, from the tests that make them happen.

const INTRODUCTION = `# When something fails

What the agent does when a part of the host fails under it. Each row is a test of \`test/faults/faults.test.ts\` that makes it happen; this page
is made from their titles by \`npm run faults\`.

| what fails | what happens |
|---|---|
`;

/**
 * @param {string} source text of the tests
 * @returns {string} Markdown
 */
export function faultsPage(source) {
  const titles = [...source.matchAll(/^fault\(\s*'([^']+)',\s*'([^']+)',/gm)];
  return `${INTRODUCTION}${titles.map(([, what, expected]) => `| ${what} | ${expected} |\n`).join('')}`;
}
