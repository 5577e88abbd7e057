/** Struct layouts, enumerations and global variables of a BPF object, from its own BTF: no offset is copied by hand. */

/** Sizes and offsets in bytes. */
export interface TypeLayout {
  kind: 'int' | 'bool' | 'enum' | 'struct' | 'union' | 'array' | 'pointer' | 'float' | 'opaque';
  size: number;
  /** Of integers and enumerations; false for the rest. */
  signed: boolean;
  /** Of structs, unions and enumerations: the name to look up. A nameless struct is called after its place, `owner.field`. */
  type?: string;
  /** Of arrays: the number of elements. */
  count?: number;
  element?: TypeLayout;
}

export interface FieldLayout extends TypeLayout {
  name: string;
  /** From the start of the struct. Of a bit field: where the unit of the declared type begins that holds its first bit. */
  offset: number;
  /** In bits; the offset counts from the least significant bit of that unit. */
  bitfield?: { offset: number; size: number };
}

export interface StructLayout {
  name: string;
  size: number;
  /** In order of declaration. Fields of nameless members stand here like in C. */
  fields: ReadonlyMap<string, FieldLayout>;
}

export interface VariableLayout extends TypeLayout {
  /** Name of the map that holds it, as '.rodata' or '.bss'. */
  section: string;
  offset: number;
}

/** What native/layout.cc gives. */
export interface RawLayout {
  structs: Record<string, { size: number; fields: FieldLayout[] }>;
  enumerations: Record<string, Record<string, bigint>>;
  variables: Record<string, VariableLayout>;
}

/** The object's BTF lacks a type that user space counts on: object and code do not belong together. */
export class LayoutError extends Error {
  override name = 'LayoutError';
  readonly code = 'LAYOUT_MISSING';
}

/**
 * Only what the object's code, maps and variables refer to is in its BTF: an enumeration whose members are used as mere
 * constants is not, unless something has its type. Clang before 15 does not say that an enumeration is signed (a negative member
 * shows as its 32-bit complement) and cuts members of 64 bits, so those enumerations are left out.
 */
export class Layout {
  readonly structs: ReadonlyMap<string, StructLayout>;
  readonly enumerations: ReadonlyMap<string, Readonly<Record<string, bigint>>>;
  readonly variables: ReadonlyMap<string, VariableLayout>;

  constructor(raw: RawLayout) {
    this.structs = new Map(
      Object.entries(raw.structs).map(([name, { size, fields }]) => [
        name,
        { name, size, fields: new Map(fields.map((field) => [field.name, field])) },
      ]),
    );
    this.enumerations = new Map(Object.entries(raw.enumerations));
    this.variables = new Map(Object.entries(raw.variables));
  }

  /** Structs and unions. @throws LayoutError */
  struct(name: string): StructLayout {
    return this.structs.get(name) ?? missing('struct', name);
  }

  /** Member name -> value. @throws LayoutError */
  enumeration(name: string): Readonly<Record<string, bigint>> {
    return this.enumerations.get(name) ?? missing('enumeration', name);
  }

  /** Global variables, constants included. @throws LayoutError */
  variable(name: string): VariableLayout {
    return this.variables.get(name) ?? missing('global variable', name);
  }
}

function missing(what: string, name: string): never {
  throw new LayoutError(`the BPF object's BTF has no ${what} '${name}'`);
}
