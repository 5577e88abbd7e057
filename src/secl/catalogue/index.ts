/** The field catalogue: every field of every event, built once from the tables beside this file. */
import { type EventType, eventTypes, type Field, type IteratorName } from '../field.js';
import { nearestNames } from '../nearest.js';
import { type Entry, under } from './entry.js';
import { commonFields, eventFields, eventSince, lineages } from './events.js';
import { flowFields, networkFields } from './network.js';
import { cgroupFields, containerFields, processFields } from './process.js';

/** Where the entries of a table go. */
interface Place {
  readonly event: EventType | 'common';
  readonly iterator?: IteratorName;
  readonly restrictedTo?: readonly EventType[];
  readonly since?: string;
}

const networkEvents: readonly EventType[] = ['dns', 'imds', 'packet'];

const fields = new Map<string, Field>();
const iterators = new Set<IteratorName>();

add(commonFields, { event: 'common' });
add(under('container', containerFields), { event: 'common' });
add(under('cgroup', cgroupFields), { event: 'common' });
add(under('network', networkFields), { event: 'common', restrictedTo: networkEvents });
addProcess('process', { event: 'common' });
for (const event of eventTypes) {
  const since = eventSince[event];
  const place: Place = { event, ...(since !== undefined && { since }) };
  add(under(event, eventFields[event]), place);
  const lineage = lineages[event];
  if (lineage !== undefined) addProcess(lineage.prefix, place);
}
addIterator('network_flow_monitor.flows', flowFields, { event: 'network_flow_monitor' });

const names = [...fields.keys()];

export const catalogue = {
  /** The field of this name, written without a register. */
  find(name: string): Field | undefined {
    return fields.get(name);
  },
  /** All fields, in the order of the documentation. */
  all(): readonly Field[] {
    return [...fields.values()];
  },
  /** Up to three names that look like this one, best first: for "did you mean". */
  nearest(name: string): string[] {
    return nearestNames(name, names);
  },
  /** Whether a list of like things has this name, so that a register may stand behind it. */
  isIterator(name: string): boolean {
    return iterators.has(name);
  },
};

function addProcess(prefix: string, place: Place): void {
  add(under(prefix, processFields), place);
  add(under(`${prefix}.parent`, processFields), place);
  addIterator(`${prefix}.ancestors`, processFields, place);
}

function addIterator(iterator: IteratorName, entries: readonly Entry[], place: Place): void {
  iterators.add(iterator);
  add(under(iterator, entries), { ...place, iterator });
  put({
    name: `${iterator}.length`,
    event: place.event,
    type: 'int',
    array: false,
    lengthOf: iterator,
    canonical: `${iterator}.length`,
    description: 'Number of elements',
  });
}

function add(entries: readonly Entry[], place: Place): void {
  for (const { name, type, array, length, description, since, ...traits } of entries) {
    const { iterator } = place;
    const field: Field = {
      name,
      event: place.event,
      type,
      array: array === true || iterator !== undefined,
      ...traits,
      ...(iterator !== undefined && { iterator, element: name.slice(iterator.length + 1) }),
      ...(place.restrictedTo !== undefined && { restrictedTo: place.restrictedTo }),
      ...sinceOf(since ?? place.since),
      canonical: canonicalName(name),
      description,
    };
    put(field);
    if (length === true) put(lengthField(field));
    if (field.foldCase === true) put(rootDomainField(field));
  }
}

function put(field: Field): void {
  fields.set(field.name, field);
}

function lengthField(of: Field): Field {
  const { foldCase: _, path: __, ...rest } = of;
  return {
    ...rest,
    name: `${of.name}.length`,
    type: 'int',
    lengthOf: of.name,
    ...(of.element !== undefined && { element: `${of.element}.length` }),
    canonical: `${of.canonical}.length`,
    description: `${of.description}: length in bytes`,
  };
}

function rootDomainField(of: Field): Field {
  return {
    ...of,
    name: `${of.name}.root_domain`,
    canonical: `${of.canonical}.root_domain`,
    rootDomainOf: of.name,
    description: `${of.description}: registered domain`,
  };
}

/** In an exec event the process that caused it is the new program: `exec.X` and `process.X` are one fact. */
function canonicalName(name: string): string {
  return name.startsWith('exec.') ? `process.${name.slice('exec.'.length)}` : name;
}

function sinceOf(since: string | undefined): { since?: string } {
  return since === undefined ? {} : { since };
}
