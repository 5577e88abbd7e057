import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why a test that needs a program of Debian's package `prometheus` is skipped; undefined when it is there. */
export function missing(program: 'promtool' | 'prometheus'): string | undefined {
  const { error } = spawnSync(program, ['--version']);
  return error === undefined ? undefined : `${program} is not installed: apt-get install prometheus`;
}

export interface Panel {
  readonly title: string;
  readonly queries: readonly string[];
}

interface DashboardJson {
  panels: { title: string; type: string; targets?: { expr: string }[] }[];
  annotations: { list: { name: string; expr: string }[] };
}

/** Panels of the dashboard, and its annotations, with their queries as Grafana would send them. */
export function dashboardQueries(): Panel[] {
  const dashboard = JSON.parse(readFileSync('deploy/grafana/dashboard.json', 'utf8')) as DashboardJson;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  return [
    ...panels.map(({ title, targets = [] }) => ({ title, queries: targets.map(({ expr }) => expr) })),
    ...dashboard.annotations.list.map(({ name, expr }) => ({ title: `annotation ${name}`, queries: [expr] })),
  ].map(({ title, queries }) => ({ title, queries: queries.map(filledIn) }));
}

function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '10s').replaceAll('$instance', '.*');
}

/** Debian's Prometheus with a database of its own, scraping one address every half second. */
export class Prometheus {
  readonly directory = mkdtempSync(join(tmpdir(), 'portcullis-prometheus-'));
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(target: string, port: number) {
    const config = join(this.directory, 'prometheus.yml');
    writeFileSync(
      config,
      `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - job_name: portcullis
    static_configs: [{targets: [${JSON.stringify(target)}]}]
`,
    );
    this.#url = `http://127.0.0.1:${port}`;
    const options = [`--storage.tsdb.path=${this.directory}/data`, `--web.listen-address=127.0.0.1:${port}`];
    this.#process = spawn('prometheus', [`--config.file=${config}`, ...options], { stdio: 'ignore' });
  }

  /** Resolves when it answers. `target`: host and port. */
  static async start(target: string): Promise<Prometheus> {
    const prometheus = new Prometheus(target, await freePort());
    const deadline = Date.now() + 30_000;
    for (;;) {
      const ready = await fetch(`${prometheus.#url}/-/ready`).catch(() => undefined);
      if (ready?.ok === true) return prometheus;
      if (Date.now() > deadline) throw new Error('prometheus does not get ready');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The number of series a query returns now. Throws when the query is none. */
  async series(query: string): Promise<number> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: unknown[] };
    };
    if (status !== 'success') throw new Error(`${query}: ${error}`);
    return data!.result.length;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
