/**
 * What the fields `args`, `args_flags` and `args_options` say of an argument list (argv without argv[0]). The
 * algorithm is the reference's, with its quirks: a long option with a separate value is also a flag.
 */
import type { Bytes } from './bytes.js';
import type { Value } from './value.js';

/** An argument list as far as it is known. `partial`: the known beginning of the next argument, if one is known to exist. */
export interface Arguments {
  readonly elements: readonly Bytes[];
  readonly complete: boolean;
  readonly partial?: Bytes;
}

/** `args`: the arguments joined by one space. */
export function joined(argv: readonly Bytes[]): Bytes {
  return argv.join(' ');
}

/** `args_flags`: `-abc` gives a, b, c and abc; `--verbose` gives verbose. In order, duplicates kept. */
export function flags(argv: readonly Bytes[]): Bytes[] {
  return argv.flatMap(flagsOf);
}

/** `args_options`: `--name=value` and `--name value` give `name=value`. In order. */
export function options(argv: readonly Bytes[]): Bytes[] {
  const found: Bytes[] = [];
  for (let at = 0; at < argv.length; at++) {
    const name = optionName(argv[at]!);
    if (name === undefined) continue;
    if (name.includes('=')) {
      found.push(name);
      continue;
    }
    const next = argv[at + 1];
    if (next === undefined || next.startsWith('-')) continue;
    found.push(`${name}=${next}`);
    at++;
  }
  return found;
}

/** `args` of an argument list that may be cut. */
export function knownJoin(argv: Arguments): Value {
  if (argv.complete) return joined(argv.elements);
  const known = argv.partial === undefined ? argv.elements : [...argv.elements, argv.partial];
  return { known: 'prefix', prefix: joined(known) };
}

/** `args_flags` of an argument list that may be cut: a flag is sure only when its whole argument is known. */
export function knownFlags(argv: Arguments): Value {
  const elements = flags(argv.elements);
  return argv.complete ? elements : { known: 'elements', elements };
}

/**
 * `args_options` of an argument list that may be cut. An option without `=` needs the first byte of the argument after
 * it, to tell its value from the next option; when the value itself is cut, the option is the partial element.
 */
export function knownOptions(argv: Arguments): Value {
  if (argv.complete) return options(argv.elements);
  const { elements, partial = '' } = argv;
  const found = options(elements);
  const pending = pendingOption(elements);
  if (pending !== undefined && partial !== '' && !partial.startsWith('-')) {
    return { known: 'elements', elements: found, partial: `${pending}=${partial}` };
  }
  const name = optionName(partial);
  if (name?.includes('=')) return { known: 'elements', elements: found, partial: name };
  return { known: 'elements', elements: found };
}

/** The last element's option name, when its value would be the element that follows. */
function pendingOption(elements: readonly Bytes[]): Bytes | undefined {
  const last = elements[elements.length - 1];
  const name = last === undefined ? undefined : optionName(last);
  if (name === undefined || name.includes('=')) return undefined;
  return name;
}

/** The argument without its one or two dashes, if what follows can be the name of an option. */
function optionName(argument: Bytes): Bytes | undefined {
  if (argument.length < 2 || !argument.startsWith('-')) return undefined;
  const name = argument.slice(argument[1] === '-' ? 2 : 1);
  return /^[a-zA-Z0-9]/.test(name) ? name : undefined;
}

function flagsOf(argument: Bytes): Bytes[] {
  if (argument.length < 2 || !argument.startsWith('-')) return [];
  const long = argument[1] === '-';
  const name = argument.slice(long ? 2 : 1);
  const found = !long && /^[a-zA-Z0-9]+$/.test(name) ? [...name] : [];
  if (name.length > 1 && !name.includes('=')) found.push(name);
  return found;
}
