/** Random tests of paths. */
import type { Bytes } from '../../src/secl/index.js';
import { perhapsWrong, runes } from './literals.js';
import type { Random } from './random.js';

export const pathConstructs = ['exact path', 'path glob', 'deep path glob', 'path list'] as const;
export type PathConstruct = (typeof pathConstructs)[number];

/** What stands behind the field. `path` is a likely value. */
export function pathOperand(
  random: Random,
  path: Bytes,
): { readonly construct: PathConstruct; readonly comparison: string } {
  const text = runes(path).join('');
  const construct = random.pick(pathConstructs);
  switch (construct) {
    case 'exact path':
      return { construct, comparison: `${random.pick(['==', '!='])} "${perhapsWrong(random, text)}"` };
    case 'path glob':
      return { construct, comparison: pattern(random, starred(random, text)) };
    case 'deep path glob':
      return { construct, comparison: pattern(random, deepened(random, text)) };
    case 'path list': {
      const members = random.list(random.between(1, 4), () =>
        random.pick([`"${perhapsWrong(random, text)}"`, `~"${starred(random, text)}"`, `~"${deepened(random, text)}"`]),
      );
      return { construct, comparison: `${random.pick(['in', 'in', 'not in'])} [${members.join(', ')}]` };
    }
  }
}

function pattern(random: Random, glob: string): string {
  return random.chance(0.5) ? `${random.pick(['=~', '!~'])} "${glob}"` : `${random.pick(['==', '!='])} ~"${glob}"`;
}

/** Stars inside segments. */
function starred(random: Random, path: string): string {
  const segments = path.split('/');
  const some = segments.map((segment, at) => (at > 0 && random.chance(0.4) ? withStar(random, segment) : segment));
  const glob = perhapsWrong(random, some.join('/'));
  return random.chance(0.1) ? `*${glob}` : glob;
}

function withStar(random: Random, segment: string): string {
  const characters = [...segment];
  const from = random.below(characters.length + 1);
  const to = random.between(from, characters.length);
  return `${characters.slice(0, from).join('')}*${characters.slice(to).join('')}`;
}

/** One `**` for a run of segments, or where it may overlap what stands beside it. */
function deepened(random: Random, path: string): string {
  const segments = (random.chance(0.3) ? starred(random, path) : path).split('/');
  const from = random.between(1, Math.max(1, segments.length - 1));
  const to = random.between(Math.max(1, from - (random.chance(0.2) ? 1 : 0)), segments.length);
  const after = random.chance(0.35) ? [] : segments.slice(to);
  const glob = [...segments.slice(0, from), '**', ...after].join('/');
  return random.chance(0.1) ? glob.replace(/^\//, '') : glob;
}
