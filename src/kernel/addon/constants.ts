/** Values of `const volatile` globals, encoded for the object's read-only data before it is loaded. */
import type { VariableLayout } from './layout.js';

/** Numbers for integers, enumerations and bools; bytes for anything else, exactly as long as the variable. */
export type ConstantValue = bigint | number | Uint8Array;

/**
 * Little endian, as is every machine this runs on.
 * @throws TypeError, RangeError when the value does not fit the variable
 */
export function encodeConstant(name: string, value: ConstantValue, variable: VariableLayout): Uint8Array {
  if (value instanceof Uint8Array) {
    if (value.byteLength === variable.size) return value;
    throw new RangeError(`constant '${name}' has ${variable.size} bytes, not ${value.byteLength}`);
  }
  if (!['int', 'bool', 'enum'].includes(variable.kind)) {
    throw new TypeError(`constant '${name}' is no number but a value of ${variable.size} bytes: give a Uint8Array`);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`constant '${name}' must be an integer; beyond 2^53 a bigint`);
  }
  return encodeInteger(name, BigInt(value), variable);
}

function encodeInteger(name: string, value: bigint, { kind, size, signed }: VariableLayout): Uint8Array {
  const bits = kind === 'bool' ? 1 : size * 8;
  const fits = (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value;
  if (!fits)
    throw new RangeError(`constant '${name}' is ${bits} bits ${signed ? 'signed' : 'unsigned'}: ${value} does not fit`);
  let rest = BigInt.asUintN(size * 8, value);
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}
