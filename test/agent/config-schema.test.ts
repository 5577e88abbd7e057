import { expect, test } from 'vitest';
import { placeAt, settings } from '../../src/agent/config-schema.js';

test('what holds without a word is something that could be written', () => {
  for (const { key, schema, initial, initialText } of settings) {
    expect(schema.safeParse(initial?.()).success, key).toBe(true);
    expect(initial !== undefined || initialText !== undefined, key).toBe(true);
  }
});

test('no two keys share an environment variable', () => {
  expect(new Set(settings.map(({ variable }) => variable)).size).toBe(settings.length);
});

test('what stands at a path', () => {
  expect(placeAt(['log', 'level'])).toMatchObject({ is: 'setting', setting: { variable: 'PORTCULLIS_LOG_LEVEL' } });
  expect(placeAt(['log'])).toEqual({ is: 'section', names: ['level', 'destination'] });
  expect(placeAt(['log', 'level', 'x'])).toEqual({ is: 'nothing' });
});
