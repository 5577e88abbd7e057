import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench } from '../agent/support.js';
import { record } from '../events/support.js';
import { policyText, TestRepository } from '../rollout/publisher-support.js';
import { FileServer } from '../rollout/server.js';
import { dashboardQueries, missing, Prometheus } from './support.js';

test("Debian's Prometheus scrapes an agent, and every query of every panel returns a series", async (context) => {
  const why = missing('prometheus');
  if (why !== undefined) context.skip(why);
  const bench = new Bench();
  const repository = await TestRepository.create();
  await repository.release('miners', policyText('distributed'));
  const server = await FileServer.start(repository.path);
  const agent = await bench.start({
    rollout: {
      url: server.url,
      root: join(repository.path, 'metadata', '1.root.json'),
      directory: join(bench.directory, 'rollout'),
      interval: 1_000,
      labels: {},
      host: 'scraped',
      limit: 1,
      expiry: 'keep',
    },
  });
  const prometheus = await Prometheus.start(new URL(agent.url).host);
  try {
    let execs = 0n;
    const act = () => {
      execs += 3n;
      bench.session.count({ exec: execs, refused: execs });
      bench.session.send(record({ verdict: 'refuse', stage: 'refuse', rules: [0], exec: execs }));
    };
    const silent = async () => {
      act();
      const found: string[] = [];
      for (const { title, queries } of dashboardQueries()) {
        for (const query of queries) if ((await prometheus.series(query)) === 0) found.push(`${title}: ${query}`);
      }
      // What a reload marks is there for a minute.
      if (found.some((line) => line.startsWith('annotation'))) await agent.reload();
      return found;
    };
    await expect.poll(silent, { timeout: 50_000, interval: 500 }).toEqual([]);
  } finally {
    await prometheus.stop();
    await agent.stop('end of the test');
    await server.stop();
    repository.remove();
    bench.dispose();
  }
});
