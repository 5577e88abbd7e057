/** The texts that fuzzing starts from: our own, and the expressions of the conformance tables. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Corpus {
  readonly expressions: readonly string[];
  readonly policies: readonly string[];
  readonly regexps: readonly string[];
}

/** Reads the corpus of a checkout. `root`: its directory. */
export function readCorpus(root: string): Corpus {
  const corpus = join(root, 'test/fuzz/corpus');
  const conformance = filesIn(join(root, 'test/conformance'), '.ndjson').flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { expression: string }).expression),
  );
  return {
    // A line that is `---` stands between two expressions.
    expressions: [...filesIn(corpus, '.secl').flatMap((text) => text.trimEnd().split('\n---\n')), ...conformance],
    policies: [...filesIn(corpus, '.policy'), ...filesIn(join(root, 'policies'), '.policy')],
    regexps: filesIn(corpus, '.regexps').flatMap((text) => text.trimEnd().split('\n')),
  };
}

function filesIn(directory: string, ending: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8'));
}
