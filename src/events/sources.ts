/** Which facts a record's `known` mask speaks of, and which fields are read from them. */
import { lineageField } from '../compiler/fields.js';
import { fact, fileFacts, source as kinds, stream } from '../compiler/image/layout.js';
import { catalogue } from '../secl/catalogue/index.js';

const streamSource = (name: keyof typeof stream) => kinds.stream + stream[name];
const factSource = (name: keyof typeof fact) => kinds.fact + fact[name];
const interpreterFact = (name: keyof typeof fact) => kinds.interpreterFact + fact[name] - fileFacts;

/** Bit numbers: enum pc_source of bpf/abi.h. */
const sources = {
  path: streamSource('path'),
  name: streamSource('name'),
  comm: streamSource('comm'),
  argv0: streamSource('argv0'),
  args: streamSource('args'),
  envs: streamSource('envs'),
  tty: streamSource('tty'),
  cgroup: streamSource('cgroup'),
  container: streamSource('container'),
  parent: kinds.parent,
  ancestors: kinds.ancestors,
  interpreterPath: kinds.interpreterPath,
  interpreterName: kinds.interpreterName,
  uid: factSource('uid'),
  gid: factSource('gid'),
  euid: factSource('euid'),
  egid: factSource('egid'),
  pid: factSource('pid'),
  ppid: factSource('ppid'),
  argsTruncated: factSource('argsTruncated'),
  fileUid: factSource('fileUid'),
  fileGid: factSource('fileGid'),
  fileMode: factSource('fileMode'),
  fileInode: factSource('fileInode'),
  interpreterUid: interpreterFact('fileUid'),
  interpreterGid: interpreterFact('fileGid'),
  interpreterMode: interpreterFact('fileMode'),
  interpreterInode: interpreterFact('fileInode'),
};

export type Source = keyof typeof sources;

export function sourceNumber(source: Source): number {
  return sources[source];
}

/** Canonical field name -> the source it is read from. Only fields that the kernel decides. */
const sourceOfField: Readonly<Record<string, Source>> = {
  'process.file.path': 'path',
  'process.file.name': 'name',
  'process.file.uid': 'fileUid',
  'process.file.gid': 'fileGid',
  'process.file.mode': 'fileMode',
  'process.file.rights': 'fileMode',
  'process.file.inode': 'fileInode',
  'process.interpreter.file.path': 'interpreterPath',
  'process.interpreter.file.name': 'interpreterName',
  'process.interpreter.file.uid': 'interpreterUid',
  'process.interpreter.file.gid': 'interpreterGid',
  'process.interpreter.file.mode': 'interpreterMode',
  'process.interpreter.file.rights': 'interpreterMode',
  'process.interpreter.file.inode': 'interpreterInode',
  'process.comm': 'comm',
  'process.argv0': 'argv0',
  'process.argv': 'args',
  'process.args': 'args',
  'process.args_flags': 'args',
  'process.args_options': 'args',
  'process.args_truncated': 'argsTruncated',
  'process.envs': 'envs',
  'process.tty_name': 'tty',
  'cgroup.id': 'cgroup',
  'process.cgroup.id': 'cgroup',
  'container.id': 'container',
  'process.container.id': 'container',
  'process.uid': 'uid',
  'process.gid': 'gid',
  'process.euid': 'euid',
  'process.egid': 'egid',
  'process.pid': 'pid',
  'process.ppid': 'ppid',
};

/** The source of a field by its canonical name; undefined for a field the kernel never reads. */
export function fieldSource(canonical: string): Source | undefined {
  if (Object.hasOwn(sourceOfField, canonical)) return sourceOfField[canonical];
  const field = catalogue.find(canonical);
  const relative = field && lineageField(field);
  return relative?.fate === 'kept' ? relative.of : undefined;
}

export function isKnown(known: bigint, source: Source): boolean {
  return ((known >> BigInt(sources[source])) & 1n) === 1n;
}

/** Names of the fields, of those given, whose source was not read to its end; in order, each once. */
export function missingFields(known: bigint, fields: readonly { name: string; canonical: string }[]): string[] {
  const missing = fields.filter(({ canonical }) => {
    const source = fieldSource(canonical);
    return source !== undefined && !isKnown(known, source);
  });
  return [...new Set(missing.map(({ name }) => name))];
}
