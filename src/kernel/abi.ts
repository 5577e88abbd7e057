/**
 * The border as the loaded object declares it: bpf/abi.h, read from the object's own BTF. Nothing here is a number copied by hand; what
 * the compiler writes is compared with what the kernel programs read before anything is loaded.
 */
import { ABI_VERSION, header as compiledHeader, size as compiledSize } from '../compiler/image/layout.js';
import type { Layout, StructLayout } from './addon.js';
import { SessionError } from './errors.js';

export interface Abi {
  record: StructLayout;
  /** Names of an enumeration's values without their prefix, lower case: `PC_STAGE_REFUSE` -> `refuse`. By value. */
  names(enumeration: string, prefix: string): ReadonlyMap<number, string>;
  /** One value of enum pc_limit or enum pc_word. */
  number(enumeration: string, name: string): number;
  struct(name: string): StructLayout;
}

/** Throws SessionError `layout` when the object is of another version than the compiler. */
export function readAbi(layout: Layout): Abi {
  const enumeration = (name: string) => layout.enumeration(name);
  const number = (name: string, member: string) => {
    const value = enumeration(name)[member];
    if (value === undefined) throw new SessionError('layout', `the BPF object declares no ${member} in enum ${name}`);
    return Number(value);
  };
  const version = number('pc_version', 'PC_ABI_VERSION');
  if (version !== ABI_VERSION)
    throw new SessionError(
      'layout',
      `the BPF object speaks version ${version} of the border and this program version ${ABI_VERSION}: install both from one package`,
    );
  for (const [name, bytes] of Object.entries(compiledSize)) {
    const found = layout.struct(name).size;
    if (found !== bytes)
      throw new SessionError(
        'layout',
        `struct ${name} has ${found} bytes in the BPF object and ${bytes} in the compiler`,
      );
  }
  const fields = layout.struct('pc_header').fields;
  for (const [name, offset] of Object.entries(compiledHeader))
    if (fields.get(name)?.offset !== offset)
      throw new SessionError('layout', `struct pc_header: ${name} does not lie at ${offset} in the BPF object`);
  return {
    record: layout.struct('pc_record'),
    names: (name, prefix) =>
      new Map(
        Object.entries(enumeration(name))
          .filter(([member]) => member.startsWith(prefix))
          .map(([member, value]) => [Number(value), member.slice(prefix.length).toLowerCase()]),
      ),
    number,
    struct: (name) => layout.struct(name),
  };
}
