import { tokenize } from '../../../src/secl/lexer.js';
import { mutate } from '../mutate.js';
import type { Target } from '../targets.js';
import { answered, promise } from './promises.js';

/** Tokens follow one another and leave nothing out but space and comments. */
export const lexer: Target = {
  make: (random, { expressions }) => mutate(random, random.pick(expressions), expressions),
  run: (text) => {
    answered(text, () => {
      let at = 0;
      for (const { start, end, text: token, kind } of tokenize(text)) {
        promise(start >= at && text.slice(start, end) === token, `token ${JSON.stringify(token)} at ${start}`);
        promise(kind === 'end' || end > start, `an empty token at ${start}`);
        const between = text.slice(at, start).replace(/(#|\/\/)[^\n]*/g, '');
        promise(/^[ \t\n]*$/.test(between), `${JSON.stringify(between)} was left out`);
        at = end;
      }
    });
  },
};
