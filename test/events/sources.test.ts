import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fieldSource, isKnown, missingFields, type Source, sourceNumber } from '../../src/events/sources.js';
import { catalogue } from '../../src/secl/index.js';

const abi = readFileSync(new URL('../../bpf/abi.h', import.meta.url), 'utf8');

/** The value of a constant of bpf/abi.h. */
function declared(name: string): number {
  const value = new RegExp(`\\b${name} = (\\d+)`).exec(abi)?.[1];
  if (value === undefined) throw new Error(`bpf/abi.h declares no ${name}`);
  return Number(value);
}

describe('sources', () => {
  const fact = declared('PC_SOURCE_FACT');
  const interpreterFact = declared('PC_SOURCE_INTERPRETER_FACT') - declared('PC_FACT_FILE');
  test.each<[Source, number]>([
    ['path', declared('PC_STREAM_PATH')],
    ['args', declared('PC_STREAM_ARGS')],
    ['tty', declared('PC_STREAM_TTY')],
    ['interpreterPath', declared('PC_SOURCE_INTERPRETER_PATH')],
    ['interpreterName', declared('PC_SOURCE_INTERPRETER_NAME')],
    ['cgroup', declared('PC_STREAM_CGROUP')],
    ['container', declared('PC_STREAM_CONTAINER')],
    ['parent', declared('PC_SOURCE_PARENT')],
    ['ancestors', declared('PC_SOURCE_ANCESTORS')],
    ['ppid', fact + declared('PC_FACT_PPID')],
    ['argsTruncated', fact + declared('PC_FACT_ARGS_TRUNCATED')],
    ['fileInode', fact + declared('PC_FACT_FILE_INODE')],
    ['interpreterUid', interpreterFact + declared('PC_FACT_FILE_UID')],
    ['interpreterInode', interpreterFact + declared('PC_FACT_FILE_INODE')],
  ])('%s is bit %i of bpf/abi.h', (source, number) => {
    expect(sourceNumber(source)).toBe(number);
  });

  test('are the only sources of the fields they name', () => {
    for (const name of ['exec.file.rights', 'process.args_options', 'exec.interpreter.file.gid', 'process.tty_name']) {
      expect(fieldSource(catalogue.find(name)!.canonical)).toBeDefined();
    }
    expect(fieldSource('process.ancestors.file.name')).toBe('ancestors');
    expect(fieldSource('process.parent.args')).toBe('parent');
    expect(fieldSource('container.id')).toBe('container');
    expect(fieldSource('process.ancestors.pid')).toBeUndefined();
    expect(fieldSource('constructor')).toBeUndefined();
  });

  test('missing fields, as the rule wrote them, each once', () => {
    const fields = ['exec.args', 'process.args', 'exec.args', 'exec.uid', 'exec.user'].map(
      (name) => catalogue.find(name)!,
    );
    const known = 1n << BigInt(sourceNumber('uid'));
    expect(isKnown(known, 'uid')).toBe(true);
    expect(missingFields(known, fields)).toEqual(['exec.args', 'process.args']);
  });
});
