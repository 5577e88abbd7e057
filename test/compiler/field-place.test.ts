import { expect, test } from 'vitest';
import { placeOfField, planRules } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';
import { catalogue, type Field } from '../../src/secl/index.js';

/** The simplest rule about one field; the field of an event beside a common one says what event it is about. */
function ruleAbout(field: Field, index: number): string {
  const event = field.event !== 'common' ? undefined : (field.restrictedTo?.[0] ?? 'exec');
  const anchor = event === undefined ? '' : `${anchors[event]} && `;
  const actions = (field.event === 'common' && event === 'exec') || field.event === 'exec' ? '[{deny: {}}]' : '[]';
  return `  - id: field_${index}\n    expression: '${anchor}${testOf(field)}'\n    actions: ${actions}\n`;
}

const anchors: Readonly<Record<string, string>> = { exec: 'exec.file.name == "x"', dns: 'dns.id == 1' };

function testOf({ name, type, path, lengthOf }: Field): string {
  switch (type) {
    case 'string':
      return path && lengthOf === undefined ? `${name} == "/x"` : `${name} == "x"`;
    case 'int':
      return `${name} == 1`;
    case 'bool':
      return `${name} == true`;
    case 'ip':
      return `${name} == 10.0.0.1`;
  }
}

test('the plan decides a rule about one field where the catalogue says', () => {
  const fields = catalogue.all();
  const text = ['rules:\n', ...fields.map((field, index) => ruleAbout(field, index))].join('');
  const ruleset = loadPolicies([{ file: 'test.policy', text: `mode: monitor\n${text}` }]);
  expect(ruleset.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const planned = planRules(ruleset).rules;
  const differing = fields.flatMap((field, index) => {
    const { place } = planned[index]!;
    return place === placeOfField(field) ? [] : [`${field.name}: ${placeOfField(field)}, planned ${place}`];
  });
  expect(differing).toEqual([]);
});
