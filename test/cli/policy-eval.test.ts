import { expect, test } from 'vitest';
import { run } from './support.js';

async function evaluate(expression: string, event: unknown, ...options: string[]) {
  return run(['policy', 'eval', '--expression', expression, '--event', '-', ...options], JSON.stringify(event));
}

async function batch(...lines: unknown[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const { status, stdout } = await run(['policy', 'eval', '--batch', '-'], text);
  const answers = stdout.split('\n').filter((line) => line !== '');
  return { status, answers: answers.map((line) => JSON.parse(line) as unknown) };
}

const miner = { 'exec.file.name': 'xmrig', 'exec.argv': ['-o', 'pool:3333', '--donate-level', '1'] };

test('true is status 0', async () => {
  expect(await evaluate('exec.file.name == "xmrig"', miner)).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
});

test('false and unknown are status 1', async () => {
  expect(await evaluate('exec.file.name == "ls"', miner)).toMatchObject({ status: 1, stdout: 'false\n' });
  const event = { 'exec.file.name': { $unknown: true } };
  expect(await evaluate('exec.file.name == "ls"', event)).toMatchObject({ status: 1, stdout: 'unknown\n' });
});

test('arguments follow from argv', async () => {
  const expression = 'exec.args_flags == "donate-level" && exec.args_options == "o=pool:3333" && exec.args =~ "*pool*"';
  expect((await evaluate(expression, miner)).stdout).toBe('true\n');
});

test('an error in the expression is shown at its place: status 1, nothing on standard output', async () => {
  const { status, stdout, stderr } = await evaluate('exec.uid == 0 &&\n exec.nonsense == 1', miner);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('expression:2:2: error[unknown-name]');
  expect(stderr).toMatch(/2 \| {2}exec\.nonsense == 1\n {2}\| {2}\^{13}/);
});

test('--json', async () => {
  expect((await evaluate('exec.uid == 0', {}, '--json')).stdout).toBe('{"result":true}\n');
  expect((await evaluate('exec.uid == 1', {}, '--json')).stdout).toBe('{"result":false}\n');
  const { status, stdout } = await evaluate('exec.uid == "a"', {}, '--json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { line: 1, column: 13 } });
});

test.each([
  ['not JSON', '{'],
  ['no object', '[]'],
  ['a value that does not fit', '{"exec.uid": "root"}'],
])('an event that is %s is bad use', async (_, text) => {
  const { status, stderr } = await run(['policy', 'eval', '--expression', 'exec.uid == 0', '--event', '-'], text);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^portcullis: /);
});

test('a name in the event that is no field is mentioned', async () => {
  const { status, stderr } = await evaluate('exec.uid == 0', { 'exec.uidd': 1 });
  expect(status).toBe(0);
  expect(stderr).toContain('exec.uidd');
});

test('integers beyond 53 bits keep their value', async () => {
  const text = '{"exec.created_at": 1700000000000000001}';
  const ask = (digit: string) =>
    run(['policy', 'eval', '--expression', `exec.created_at == 170000000000000000${digit}`, '--event', '-'], text);
  expect((await ask('1')).stdout).toBe('true\n');
  expect((await ask('0')).stdout).toBe('false\n');
});

test('a batch answers every line; errors are answers', async () => {
  const { status, answers } = await batch(
    { expression: 'exec.uid == 0', event: {} },
    '',
    { expression: 'exec.uid == 1', event: {} },
    { expression: 'exec.uid == 1', event: { 'exec.uid': { $unknown: true } } },
    { expression: 'exec.uid == "a"', event: {} },
  );
  expect(status).toBe(0);
  expect(answers).toEqual([
    { result: true },
    { result: false },
    { result: 'unknown' },
    { error: { message: expect.any(String), line: 1, column: 13 } },
  ]);
});

test('a malformed line is answered with an error, the others as ever; status 1', async () => {
  const { status, answers } = await batch(
    'nonsense',
    '[]',
    { event: {} },
    { expression: 'exec.uid == 0', event: [] },
    { expression: 'exec.uid == 0', event: { 'exec.uid': 'root' } },
    { expression: 'exec.uid == 0', event: {}, macros: 5 },
    { expression: 'exec.uid == 0', event: {}, macros: [{ expression: '1' }] },
    { expression: 'exec.uid == 0', event: {}, macros: { LIST: 5 } },
    { expression: 'exec.uid == 0', event: {}, variables: [1] },
    { expression: 'exec.uid == 0', event: {}, variables: { x: [1, 'a'] } },
    { expression: 'exec.uid == 0', event: {} },
  );
  expect(status).toBe(1);
  expect(answers.slice(0, -1)).toEqual(Array(10).fill({ error: { message: expect.any(String) } }));
  expect(answers.at(-1)).toEqual({ result: true });
});

test('macros as a list and as a map', async () => {
  const question = { expression: 'exec.file.name in LIST && ROOT', event: miner };
  const { answers } = await batch(
    {
      ...question,
      macros: [
        { id: 'LIST', values: ['xmrig'] },
        { id: 'ROOT', expression: 'exec.uid == 0' },
      ],
    },
    { ...question, macros: { LIST: '[~"xm*"]', ROOT: 'exec.uid == 0' } },
    { ...question, macros: { LIST: ['ls'], ROOT: 'exec.uid == 0' } },
    { ...question, macros: { LIST: '[~"xm*"', ROOT: 'exec.uid == 0' } },
    { ...question, macros: { ROOT: 'exec.uid == 0' } },
  );
  expect(answers).toEqual([
    { result: true },
    { result: true },
    { result: false },
    { error: { message: expect.stringMatching(/^in the macro LIST: /), line: 1, column: expect.any(Number) } },
    { error: { message: expect.stringContaining('LIST'), line: 1, column: 19 } },
  ]);
});

test('variables take their types from their values', async () => {
  const ask = (expression: string, variables: unknown, event: unknown = miner) => ({ expression, event, variables });
  const { answers } = await batch(
    ask(`exec.file.name == "\${x}"`, { x: 'xmrig' }),
    ask(`exec.file.name in \${process.seen}`, { 'process.seen': ['ls', 'xmrig'] }),
    ask(`exec.uid == \${x}`, { x: 0 }),
    ask(`\${x}`, { x: true }),
    ask(`exec.file.name in \${x}`, { x: [] }),
    ask(`connect.addr.ip in \${x}`, { x: ['10.0.0.0/8'] }, { 'connect.addr.ip': '10.1.2.3' }),
    ask(`exec.file.name == "\${x}"`, { x: '10.0.0.1' }, { 'exec.file.name': '10.0.0.1' }),
    ask(`exec.uid == \${x}`, { x: 'text' }),
    ask(`exec.uid == \${y}`, { x: 1 }),
  );
  expect(answers.slice(0, 7)).toEqual([true, true, true, true, false, true, true].map((result) => ({ result })));
  expect(answers.slice(7)).toEqual(Array(2).fill({ error: expect.objectContaining({ line: 1 }) }));
});
