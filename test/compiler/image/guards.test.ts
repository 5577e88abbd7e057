/** When the environment of a program matters. */
import { describe, expect, test } from 'vitest';
import { ImageReader } from '../../../src/compiler/image/reader.js';
import { compile, interpret } from '../../../src/compiler/index.js';
import { loadPolicies } from '../../../src/policy/index.js';

function imageOf(...expressions: readonly string[]): ImageReader {
  const rules = expressions.map((expression, n) => `  - id: r${n}\n    expression: ${JSON.stringify(expression)}\n`);
  return new ImageReader(
    compile(loadPolicies([{ file: 'g.policy', text: `version: 1.0.0\nrules:\n${rules.join('')}` }])).image,
  );
}

/** Would need 128 clauses. */
const program = Array.from({ length: 7 }, (_, n) => `(exec.envs == "E${n}" || exec.argv == "${n}")`).join(' && ');

const whole = (bytes: string) => ({ bytes, complete: true });

/** Whether the rule of `reader` that asks for the environment variable A holds for a file. */
function holds(reader: ImageReader, path: string | undefined, last: 'program' | 'unfinished' = 'program') {
  const { true: holding, views } = interpret(reader, {
    stage: 'kill',
    levels: [{ ...(path !== undefined && { path: whole(path) }), name: whole('x'), facts: {} }],
    last,
    argv0: whole('x'),
    args: { bytes: '', complete: true, none: true },
    envs: whole('A=1'),
    facts: {},
  });
  return { holds: holding.length > 0, atoms: views[0]!.atoms.size };
}

describe('the environment', () => {
  test.each([
    ['has a guard where a clause asks for the file', ['exec.envs == "A" && exec.file.path == "/x"'], 1],
    [
      'one guard does for the same condition',
      ['exec.file.path == "/x" && exec.envs in ["A", "B"]', 'exec.envs == "C" && exec.file.path == "/x"'],
      1,
    ],
    [
      'has none where a clause asks for it alone',
      ['exec.envs == "A" && exec.file.path == "/x"', 'exec.envs == "B"'],
      0,
    ],
    ['nor where a clause asks for something else beside it', ['exec.envs == "A" && exec.args == "x"'], 0],
    [
      'nor where there would be too many',
      Array.from({ length: 9 }, (_, n) => `exec.envs == "A" && exec.file.path == "/${n}"`),
      0,
    ],
    ['nor where a rule is a boolean program', ['exec.envs == "A" && exec.file.path == "/x"', program], 0],
    ['nor for an interpreter', ['exec.envs == "A" && exec.interpreter.file.name == "sh"'], 0],
  ])('%s', (_, expressions, guards) => {
    expect(imageOf(...expressions).environmentGuards).toHaveLength(guards);
  });

  test.each(['exec.envs == "A" && exec.file.path == "/x"', 'exec.envs == "A" && exec.file.path != "/y"'])(
    '%s: is looked at for the files in question, and for no others',
    (expression) => {
      const reader = imageOf(expression);
      expect(holds(reader, '/x').holds).toBe(true);
      const other = holds(reader, '/y');
      expect(other.holds).toBe(false);
      // Of another file the environment's own atom is not even looked for.
      expect(other.atoms).toBe(expression.includes('!=') ? 1 : 0);
    },
  );

  test('is looked at where the file is not known, and for a script', () => {
    const reader = imageOf('exec.envs == "A" && exec.file.path == "/x"');
    expect(holds(reader, undefined).atoms).toBe(1);
    expect(holds(reader, '/y', 'unfinished').atoms).toBe(1);
  });
});
