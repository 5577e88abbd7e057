/** An image in words, for people: `policy explain`, a failing test, a contributor with a file they do not know. */
import { LITERAL_NOT, ruleFlag, step, streamNames } from './layout.js';
import { ImageReader } from './reader.js';

/** A few lines for the whole, then one for each clause and program. */
export function describe(image: Uint8Array): string {
  const reader = new ImageReader(image);
  const lines = [
    `image of ${reader.size} bytes`,
    `atoms: ${reader.atomWords} words, of them ${reader.fileWords} for files and ${reader.interpreterWords} for interpreters`,
    `of them ${reader.cgroupWords} for cgroups and ${reader.lineageWords} in each region of ${reader.lineage.length} lineage bits`,
    `${reader.segmentPatterns} patterns of several pieces, ${reader.integers.length} integer tables`,
  ];
  for (const name of streamNames) {
    const automata = reader.automata.get(name)!;
    if (automata.length > 0) lines.push(`${name}: ${automata.length} automata`);
  }
  reader.clauses.forEach(({ rule, literals }, index) => {
    const when = index < reader.always ? 'always tried' : `tried on atom ${triggerOf(reader, index)}`;
    lines.push(`rule ${rule}: ${literals.map(literalName).join(' and ')} (${when})`);
  });
  for (const { rule, steps } of reader.programs) lines.push(`rule ${rule}: program ${steps.map(stepName).join(' ')}`);
  for (const { rule: bit, steps } of reader.lineage)
    lines.push(`lineage bit ${bit}: program ${steps.map(stepName).join(' ')}`);
  reader.rules.forEach(({ flags, signal }, rule) => {
    const names = Object.entries(ruleFlag).flatMap(([name, value]) => ((flags & value) !== 0 ? [name] : []));
    lines.push(`rule ${rule}: ${names.join(', ') || 'reports'}${signal === 0 ? '' : `, signal ${signal}`}`);
  });
  return `${lines.join('\n')}\n`;
}

function triggerOf(reader: ImageReader, clause: number): number {
  return reader.triggers.findIndex(({ first, count }) => clause >= first && clause < first + count);
}

function literalName(literal: number): string {
  return (literal & LITERAL_NOT) === 0 ? `${literal}` : `not ${literal & ~LITERAL_NOT}`;
}

function stepName(value: number): string {
  const operator = Object.entries(step).find(([, number]) => number === value);
  return operator === undefined ? `${value}` : operator[0];
}
