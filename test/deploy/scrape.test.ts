import { expect, test } from 'vitest';
import { Bench } from '../agent/support.js';
import { record } from '../events/support.js';
import { dashboardQueries, missing, Prometheus } from './support.js';

test("Debian's Prometheus scrapes an agent, and every query of every panel returns a series", async (context) => {
  const why = missing('prometheus');
  if (why !== undefined) context.skip(why);
  const bench = new Bench();
  const agent = await bench.start();
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
    bench.dispose();
  }
});
