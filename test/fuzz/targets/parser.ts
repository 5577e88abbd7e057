import { checkMacro, compileExpression, parse, parseMacro, print, type Scope } from '../../../src/secl/index.js';
import { randomExpression } from '../grammar.js';
import { mutate } from '../mutate.js';
import type { Target } from '../targets.js';
import { answered, promise } from './promises.js';

const scope: Scope = {
  macros: new Map([
    ['SHELLS', parseMacro('["bash", ~"z*", r"sh$"]')],
    ['IDS', parseMacro('[1, 2]')],
    ['ROOT', parseMacro('exec.uid == 0 || exec.gid == 0')],
    ['TWICE', parseMacro('ROOT && ROOT')],
    ['LOOP', parseMacro('LOOP')],
  ]),
  variables: new Map([
    ['stage', { type: 'string', array: false }],
    ['names', { type: 'string', array: true }],
    ['count', { type: 'int', array: false }],
    ['process.seen', { type: 'bool', array: false }],
    ['nets', { type: 'ip', array: true }],
  ]),
};

/** Parser and checker: what is printed is read as the same, and whatever parses is checked or refused with its place. */
export const parser: Target = {
  make: (random, { expressions, regexps }) => {
    const generated = random.chance(0.4);
    const text = generated ? randomExpression(random, regexps) : random.pick(expressions);
    return generated && random.chance(0.3) ? text : mutate(random, text, expressions);
  },
  run: (text) => {
    const ast = answered(text, () => parse(text));
    if (ast !== undefined) {
      const printed = print(ast);
      promise(print(parse(printed)) === printed, `printed again it differs: ${printed}`);
    }
    answered(text, () => compileExpression(text, scope));
    answered(text, () => compileExpression(text, { ...scope, mixedLogical: 'refuse' }));
    const macro = answered(text, () => parseMacro(text));
    if (macro !== undefined) answered(text, () => checkMacro(macro, scope));
  },
};
