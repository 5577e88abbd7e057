import type { FieldType } from './field.js';

/** What a `${variable}` holds. */
export interface VariableType {
  readonly type: FieldType;
  readonly array: boolean;
}
