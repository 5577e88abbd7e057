// Records as the kernel programs write them, made up: by the layout of the object that would have written them.

const text = (value) => Buffer.from(value, 'latin1');

/** Bit set of rule numbers, `words` of 64 bits. */
function bitSet(numbers, words) {
  const set = Buffer.alloc(words * 8);
  for (const number of numbers) set[number >> 3] |= 1 << (number & 7);
  return set;
}

/**
 * @param {import('../../dist/kernel/addon.js').Layout} layout of an object with struct pc_record
 * @param {{words: number, rules: number[], argv: string[], path: string, comm: string, parentComm: string} & Record<string, unknown>} facts
 *   fields of the record by their names in C, and what its sections hold
 * @returns {Buffer}
 */
export function encodeRecord(layout, { words, rules, argv, path, tty = '', comm, parentComm, ...numbers }) {
  const { size, fields } = layout.struct('pc_record');
  const name = path.slice(path.lastIndexOf('/') + 1);
  const head = text(argv.map((argument) => `${argument}\0`).join(''));
  const sections = [bitSet(rules, words), bitSet([], words), text(path), text(name), head, text(tty)];
  const record = Buffer.alloc(size);
  const put = (field, value) => {
    const { offset, size: width } = fields.get(field);
    if (width === 8) record.writeBigUInt64LE(BigInt(value), offset);
    else record.writeUIntLE(Number(value), offset, width);
  };
  const lengths = { rule_bytes: words * 8, path_bytes: path.length, name_bytes: name.length };
  const all = { ...lengths, head_bytes: head.length, tty_bytes: tty.length, ...numbers };
  for (const [field, value] of Object.entries(all)) put(field, value);
  put('args_count', argv.length);
  put('args_bytes', head.length);
  put('size', size + sections.reduce((sum, { length }) => sum + length, 0));
  text(comm).copy(record, fields.get('comm').offset, 0, 15);
  text(parentComm).copy(record, fields.get('parent_comm').offset, 0, 15);
  return Buffer.concat([record, ...sections]);
}
