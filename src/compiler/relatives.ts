/** Tests of the parent and of ancestors as tests of the program that they ran: what a lineage bit says of each program. */
import type { Expression, Field, FieldUse, Term } from '../secl/index.js';
import { fieldUses } from './field-uses.js';
import { lineageField, notRead, type Relative } from './fields.js';

/** A test of single values. Other nodes are put together of such tests, or nothing that the kernel decides. */
export type Unit = Extract<Expression, { node: 'match' | 'flag' | 'unset' | 'member' | 'compare' }>;

/**
 * Whom a test is about. `own`: the process itself, or nobody. `relative`: its parent or ancestors; `expression` says the same of the
 * program itself. `undecided`: the kernel does not keep what it asks for.
 */
export type Subject =
  | { readonly subject: 'own' }
  | { readonly subject: 'relative'; readonly of: Relative; readonly expression: Expression }
  | { readonly subject: 'undecided'; readonly reason: string };

export function subjectOf(unit: Unit): Subject {
  const uses = fieldUses(unit);
  const relatives = uses.map(({ field }) => lineageField(field));
  if (relatives.every((relative) => relative === undefined)) return { subject: 'own' };
  const whose = uses.map(({ register }, at) => `${relatives[at]?.of} ${register}`);
  const of = relatives[0]?.of;
  if (of === undefined || whose.some((one) => one !== whose[0])) {
    return { subject: 'undecided', reason: 'it compares two processes with each other' };
  }
  const lost = uses.find((_, at) => relatives[at]?.fate !== 'kept');
  if (lost !== undefined) return { subject: 'undecided', reason: notKept(lost.field) };
  return { subject: 'relative', of, expression: ofProgram(unit) };
}

function notKept(field: Field): string {
  return lineageField(field)?.fate === 'changing'
    ? `${field.name} may change without an exec, and the kernel keeps only what an exec fixes`
    : notRead(field);
}

/** The test with the program's own fields in place of the relative's. */
function ofProgram(unit: Unit): Expression {
  switch (unit.node) {
    case 'match':
    case 'flag':
      return { ...unit, field: ownUse(unit.field) };
    case 'unset':
      return { node: 'not', operand: { node: 'flag', field: ownUse(unit.field) } };
    case 'member':
      return { ...unit, term: ownTerm(unit.term) };
    case 'compare':
      return { ...unit, left: ownTerm(unit.left), right: ownTerm(unit.right) };
  }
}

function ownUse({ field, start, end }: FieldUse): FieldUse {
  return { field: lineageField(field)?.own ?? field, start, end };
}

/** A length stays: the kernel does not decide it, whosever it is. */
function ownTerm(term: Term): Term {
  switch (term.term) {
    case 'integer':
    case 'variable':
    case 'size':
      return term;
    case 'field':
      return { ...term, field: ownUse(term.field) };
    case 'negate':
    case 'complement':
      return { ...term, operand: ownTerm(term.operand) };
    case 'binary':
      return { ...term, left: ownTerm(term.left), right: ownTerm(term.right) };
  }
}
