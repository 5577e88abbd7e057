import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { record } from '../events/support.js';
import { Bench } from './support.js';

/** Nothing else in the test is called so. */
const planted = 'pLaNtEd-4711';

const soon = { timeout: 20_000 };

let bench: Bench;
let agent: Agent | undefined;
let journal: string;
let socket: string;
beforeEach(() => {
  bench = new Bench();
  [journal, socket] = [join(bench.directory, 'journal'), join(bench.directory, 'control.sock')];
});
afterEach(async () => {
  await agent?.stop('end of the test');
  bench.dispose();
});

/** Rules that put arguments wherever rules can put anything, one of them decided by the secret. */
const everywhere = `version: 1.0.0
rules:
  - id: denied
    expression: exec.args =~ "*${planted}*"
    mode: enforce
    actions: [{deny: {}}]
  - id: keeps
    expression: exec.file.name != "none"
    actions:
      - set: {name: joined, field: exec.args, inherited: true}
      - set: {name: elements, field: exec.argv, append: true, scope: process}
      - set: {name: options, field: exec.args_options, append: true, scope: container}
      - set: {name: last, field: exec.args_options, append: true, scope: cgroup}
      - log: {level: warning, message: "called with --password ${planted}"}
      - hash: {field: exec.file}
  - id: ends
    expression: exit.args =~ "*${planted}*"
`;

/** Everything that anybody outside the agent can read, and how long it is. */
async function outputs(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(bench.directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && file !== bench.policy) found[file] = readFileSync(file, 'latin1');
  }
  for (const path of ['/metrics', '/healthz', '/readyz']) found[path] = await (await fetch(agent!.url + path)).text();
  found.status = JSON.stringify(agent!.status);
  for (const verb of ['status', 'top', 'processes', 'metrics', 'events']) found[verb] = await asked(verb);
  return found;
}

/** All that the control socket answers. */
async function asked(verb: string): Promise<string> {
  const client = connect(socket);
  client.write(`${JSON.stringify({ verb })}\n`);
  let text = '';
  for await (const chunk of client) {
    text += chunk;
    if (/"answer":"(?:result|end|error)"[^\n]*\n$/.test(text)) break;
  }
  return text;
}

/** As text, and as the events write what is no UTF-8. */
function holds(output: string): boolean {
  const bytes = [...output.matchAll(/"\$base64":"([^"]*)"/g)].map(([, text]) =>
    Buffer.from(text!, 'base64').toString('latin1'),
  );
  return [output, ...bytes].some((text) => text.includes(planted));
}

test('a secret that rules decide by is in no output', async () => {
  bench.writeText(everywhere);
  agent = await bench.start({
    scrub: { patterns: ['--pin (\\S+)'] },
    journal: { ...bench.config.journal, directory: { at: 'path', path: journal } },
    control: { socket: { at: 'path', path: socket } },
    sweep: 'report',
  });
  const started: Partial<KernelRecord>[] = [
    { argv: ['tool', '--password', planted] },
    { argv: ['tool', `--db-token=${planted}`] },
    { argv: ['tool', '--pin', planted] },
    { argv: [`tool --secret ${planted}`, `\xff api_key=${planted}`] },
    { argv: ['curl', `https://me:${planted}@host/`, '-H', `Authorization: Bearer ${planted}`] },
    { argv: ['sh', '-c', `PGPASSWORD='${planted}' psql`], argsCut: true },
  ];
  const records = started.map((changes, index) => ({ pid: 9_000 + index, rules: [0, 1], ...changes }));
  for (const changes of records) bench.session.send(record({ ...changes, verdict: 'refuse', stage: 'refuse' }));
  for (const changes of records) bench.session.send(record({ ...changes, rules: [1] }));
  for (const { pid } of records) bench.session.send(record({ pid, event: 'exit', verdict: 'none', argv: [] }));
  // One that cannot be made into an event: its error is written.
  bench.session.send(record({ argv: undefined as unknown as string[], path: `/opt/--password=${planted}` }));
  await expect.poll(() => bench.session.acknowledged, soon).toBe(records.length * 3 + 1);
  type Told = { msg: string; agent: { rule_id: string }; process: { args: unknown } };
  const events = () => (bench.entries as unknown as Told[]).filter(({ msg }) => msg === 'event');
  const by = (id: string) => events().filter(({ agent }) => agent.rule_id === id).length;
  // The journal has them first, and the log when it gets to it.
  await expect.poll(() => [by('denied'), by('ends')], soon).toEqual([records.length, records.length]);
  await expect.poll(() => bench.codes, soon).toContain('record-malformed');
  expect(events()[0]?.process.args).toEqual(['--password', '***']);
  const found = await outputs();
  // None of them is empty for another reason.
  expect(found.events).toContain('"denied"');
  const segments = Object.entries(found).filter(([name]) => name.startsWith(journal));
  expect(segments.map(([, text]) => text).join('')).toContain('"denied"');
  for (const [output, text] of Object.entries(found)) expect([output, holds(text)]).toEqual([output, false]);
});
