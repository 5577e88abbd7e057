// The whole agent, over a ring that somebody else fills: what is measured is the way from there to the log. Talks with the process that
// started it: says `ready`, answers `usage`, and ends on `stop`.
//
//   agent.mjs PIN-OF-THE-RING POLICY LOG
import { Agent } from '../../dist/agent/agent.js';
import { parseConfigFile } from '../../dist/agent/config-file.js';
import { layerConfig } from '../../dist/agent/config-layers.js';
import { realWorld } from '../../dist/agent/run.js';
import { readAbi } from '../../dist/kernel/abi.js';
import { BpfMap, BpfObject, Ring } from '../../dist/kernel/addon.js';
import { recordDecoder } from '../../dist/kernel/record.js';
import { FileSink } from '../../dist/telemetry/sink.js';
import { execObject } from './objects.mjs';

const [pin, policy, log] = process.argv.slice(2);

const map = BpfMap.openPinned(pin);
const ring = Ring.open(map);
const decode = recordDecoder(readAbi(BpfObject.open(execObject, { programs: [] }).layout()));

/** Of a kernel session only what brings records is real. */
const session = {
  choice: { tier: 'tracepoint', cannot: [], refused: [] },
  bootId: 'bench',
  activate: async (image) => ({ generation: 1n, slot: 0, milliseconds: 0, imageBytes: image.length, orphans: 0 }),
  selfTest: async () => ({ milliseconds: 0, outcome: 'killed' }),
  takeOver: () => ({ is: 'nothing', halves: 0 }),
  start: (onBatch) =>
    ring.start((batch) =>
      onBatch({ ring: 'reports', records: [...batch].map(decode), acknowledge: () => ring.acknowledge(batch) }),
    ),
  drain: async () => {
    await ring.stop();
    return [];
  },
  release: async () => {},
  close: async () => ring.close(),
  protect: () => {},
  limitTo: () => {},
  breakAfter: () => {},
  establish: () => {},
  trips: () => [],
  counters: () => ({}),
  programs: () => [],
  rings: () => [],
  memory: () => [],
};

// What is kept beside the log is not measured here.
const off = { directory: 'off' };
const settings = {
  policies: [policy],
  listen: '127.0.0.1:0',
  control: { socket: 'off' },
  log: { destination: log },
  ...{ journal: off, state: off, pins: off },
};
const file = 'events.yaml';
const { config } = layerConfig({ file, ...parseConfigFile(JSON.stringify(settings), file) }, { environment: {} });

const world = { ...realWorld({ reread: () => undefined }), openSession: async () => session };
const sink = new FileSink(config.log.destination);
const agent = await Agent.start(config, world, sink);

process.on('message', async (message) => {
  switch (message) {
    case 'usage':
      process.send(process.cpuUsage());
      return;
    case 'stop': {
      const { delivery, lost } = await agent.stop('the benchmark is over');
      sink.close();
      process.send({ delivery, lost });
      process.disconnect();
    }
  }
});
process.send('ready');
