/**
 * Which facts a record's `known` mask speaks of. The numbers are enum pc_source of bpf/abi.h (streams from 0,
 * interpreter path and name 8 and 9, integer facts from 16, interpreter's file facts from 48).
 */
const sources = {
  path: 0,
  name: 1,
  comm: 2,
  argv0: 3,
  args: 4,
  envs: 5,
  tty: 6,
  interpreterPath: 8,
  interpreterName: 9,
  uid: 16,
  gid: 17,
  euid: 18,
  egid: 19,
  pid: 20,
  ppid: 21,
  argsTruncated: 22,
  fileUid: 32,
  fileGid: 33,
  fileMode: 34,
  fileInode: 35,
  interpreterUid: 48,
  interpreterGid: 49,
  interpreterMode: 50,
  interpreterInode: 51,
} as const;

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
  'process.uid': 'uid',
  'process.gid': 'gid',
  'process.euid': 'euid',
  'process.egid': 'egid',
  'process.pid': 'pid',
  'process.ppid': 'ppid',
};

/** The source of a field by its canonical name; undefined for a field the kernel never reads. */
export function fieldSource(canonical: string): Source | undefined {
  return Object.hasOwn(sourceOfField, canonical) ? sourceOfField[canonical] : undefined;
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
