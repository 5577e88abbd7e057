/** Secrets in a list of arguments, where a name and its value may be two of them. */
import { isLongOption } from './named-values.js';
import { isSecretName } from './names.js';
import type { Range } from './ranges.js';

/** `--name`, `-name` or `Name:` by itself; what follows it is its value. */
const alone = /^(?:(--?[A-Za-z][A-Za-z0-9_.-]*)|([A-Za-z][A-Za-z0-9_.-]*):)$/;
const scheme = /^(?:bearer|basic|digest|negotiate|token|apikey)$/i;
const assignment = /^(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=/;

/**
 * By argument: ranges that are secret because of the argument before, or because the whole of the rest is one value. What
 * a single argument shows by itself is not looked for.
 */
export function argumentSecrets(args: readonly string[]): (readonly Range[])[] {
  let valueNext = false;
  return args.map((arg) => {
    if (valueNext && !isLongOption(arg)) {
      valueNext = scheme.test(arg);
      return valueNext ? none : [{ start: 0, end: arg.length }];
    }
    const name = nameAlone(arg);
    valueNext = (name !== undefined && isSecretName(name)) || (arg.length === 6 && /^bearer$/i.test(arg));
    const [assigned, variable] = arg.includes('=') ? (assignment.exec(arg) ?? none) : none;
    if (assigned === undefined || variable === undefined || !isSecretName(variable)) return none;
    return [{ start: assigned.length, end: arg.length }];
  });
}

const none: readonly [] = [];

/** Looks first at what every name that stands alone begins or ends with. */
function nameAlone(arg: string): string | undefined {
  if (!arg.startsWith('-') && !arg.endsWith(':')) return undefined;
  const [, option, header] = alone.exec(arg) ?? none;
  return option ?? header;
}
