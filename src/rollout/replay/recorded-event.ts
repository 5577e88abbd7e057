/** A recorded event as the evaluator reads one: what the record does not carry is unknown, never empty. */
import {
  type ElementList,
  type Event,
  EventError,
  eventFromFlat,
  type Field,
  type IteratorName,
  unknown,
  type Value,
} from '../../secl/index.js';
import type { RecordedJson } from './lines.js';

type Json = Record<string, unknown>;
type Flat = Record<string, unknown>;

/** The views of a recorded exec; undefined for another event. Throws EventError when it is not shaped as an event. */
export function viewsOf(event: RecordedJson): Event[] | undefined {
  const { evt, process, file } = event as { evt?: Json; process?: Json; file?: Json };
  if (evt?.name !== 'exec') return undefined;
  if (process === undefined || file === undefined) throw new EventError('exec', 'the event has no process or no file');
  const common = commonFacts(event, process);
  const ancestors = ancestorsOf(process);
  const program = fileFacts('exec.file', file);
  const interpreter = process.interpreter as Json | undefined;
  const levels = Number((event.portcullis as Json | undefined)?.levels ?? (interpreter === undefined ? 1 : 2));
  if (interpreter === undefined) return [new Recorded({ ...common, ...program, ...noInterpreter }, ancestors)];
  const views = [
    new Recorded({ ...common, ...program, ...fileFacts('exec.interpreter.file', interpreter) }, ancestors),
    new Recorded({ ...common, ...fileFacts('exec.file', interpreter), ...noInterpreter }, ancestors),
  ];
  // Interpreters in between are not in an event.
  return levels > 2 ? [...views, new Recorded(common, ancestors)] : views;
}

const noInterpreter: Flat = { 'exec.interpreter.file.path': '', 'exec.interpreter.file.name': '' };

function commonFacts(event: RecordedJson, process: Json): Flat {
  const flat: Flat = {};
  const set = (name: string, value: unknown) => {
    if (value !== undefined) flat[name] = value;
  };
  for (const name of ['pid', 'ppid', 'tid', 'uid', 'gid', 'comm', 'argv0']) set(`exec.${name}`, process[name]);
  const credentials = process.credentials as Json | undefined;
  set('exec.euid', credentials?.euid);
  set('exec.egid', credentials?.egid);
  set('exec.tty_name', process.tty ?? '');
  set('exec.created_at', nanoseconds(process.created_at));
  if (Array.isArray(process.args)) {
    set('exec.argv', process.args_truncated === true ? { $truncated: process.args } : process.args);
    set('exec.args_truncated', process.args_truncated === true);
  }
  const container = event.container as Json | undefined;
  const cgroup = event.cgroup as Json | undefined;
  // Ids are called otherwise in a container.
  if (container === undefined) set('exec.user', process.user);
  // Without a path of the cgroup nothing is known of containers.
  if (container !== undefined || cgroup?.id !== undefined) {
    set('exec.container.id', container?.id ?? '');
    set('container.id', container?.id ?? '');
    set('container.runtime', container?.runtime ?? '');
  }
  set('exec.cgroup.id', cgroup?.id);
  set('cgroup.id', cgroup?.id);
  return flat;
}

function fileFacts(prefix: string, { path, name, inode, mode }: Json): Flat {
  return {
    ...(path !== undefined && { [`${prefix}.path`]: path }),
    ...(name !== undefined && { [`${prefix}.name`]: name }),
    ...(inode !== undefined && { [`${prefix}.inode`]: typeof inode === 'string' ? BigInt(inode) : inode }),
    ...(mode !== undefined && { [`${prefix}.mode`]: mode }),
  };
}

function ancestorsOf({ ancestors, ancestors_cut }: Json): ElementList {
  const list = Array.isArray(ancestors) ? (ancestors as Json[]) : [];
  const elements = list.map(({ pid, ppid, comm, executable, created_at }) => {
    const facts: Flat = { pid, ppid, comm, created_at: nanoseconds(created_at) };
    Object.assign(facts, fileFacts('file', (executable as Json | undefined) ?? {}));
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    return new Recorded(Object.fromEntries(known.map(([name, value]) => [`process.ancestors.${name}`, value])), none);
  });
  return { elements, complete: Array.isArray(ancestors) && ancestors_cut !== true };
}

const none: ElementList = { elements: [], complete: false };

/** Milliseconds are what an event carries of a time. */
function nanoseconds(date: unknown): bigint | undefined {
  const time = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : BigInt(time) * 1_000_000n;
}

class Recorded implements Event {
  readonly #known: ReadonlySet<string>;
  readonly #event: Event;
  readonly #ancestors: ElementList;

  constructor(facts: Flat, ancestors: ElementList) {
    this.#known = new Set(Object.keys(facts));
    const isElement = Object.keys(facts).some((name) => name.startsWith('process.ancestors.'));
    this.#event = isElement ? elementOf(facts) : eventFromFlat(facts);
    this.#ancestors = ancestors;
  }

  get(field: Field): Value {
    const { name } = field;
    if (name.startsWith('process.parent.')) return this.#ofParent(field);
    return this.#knows(name) ? this.#event.get(field) : unknown;
  }

  iterate(iterator: IteratorName): ElementList {
    return iterator === 'process.ancestors' ? this.#ancestors : none;
  }

  #ofParent(field: Field): Value {
    const name = field.name.replace('process.parent.', 'process.ancestors.');
    return this.#ancestors.elements[0]?.get({ ...field, name }) ?? unknown;
  }

  #knows(name: string): boolean {
    if (this.#known.has(name)) return true;
    const own = name.startsWith('process.') ? `exec.${name.slice('process.'.length)}` : name;
    if (this.#known.has(own)) return true;
    return derived.has(own) && this.#known.has('exec.argv');
  }
}

const derived = new Set(['exec.args', 'exec.args_flags', 'exec.args_options']);

function elementOf(facts: Flat): Event {
  return eventFromFlat({ 'process.ancestors': [facts] }).iterate('process.ancestors').elements[0]!;
}
