import { ConfigError } from '../../../src/agent/config-error.js';
import { parseConfigFile } from '../../../src/agent/config-file.js';
import { layerConfig } from '../../../src/agent/config-layers.js';
import { settings } from '../../../src/agent/config-schema.js';
import { mutate } from '../mutate.js';
import type { Target } from '../targets.js';
import { promise } from './promises.js';

const files: readonly string[] = [
  'policies: [/etc/a, /etc/b.policy]\nlisten: "[::1]:9000"\nlog: {level: warn, destination: /var/log/portcullis.log}\n',
  'control: {socket: /tmp/c.sock}\non_unknown: enforce\non_unseen: enforce\nsweep: enforce\ntier: tracepoint\n',
  "scrub: {patterns: ['pin (\\d+)']}\nlog:\n  level: debug\n",
];

/** A file never throws; each mistake has its place; and what has none can be used, alone or under the environment. */
export const config: Target = {
  make: (random) => mutate(random, random.pick(files), files),
  run: (input, random) => {
    const file = parseConfigFile(input, 'p.yaml');
    for (const { message, code, line } of file.mistakes) {
      promise(message.startsWith('p.yaml:') && code !== undefined, `a mistake without a place: ${message}`);
      promise(line === undefined || line >= 1, message);
    }
    const { variable } = random.pick(settings);
    try {
      layerConfig({ file: 'p.yaml', ...file }, { environment: random.chance(0.5) ? {} : { [variable]: input } });
      promise(file.mistakes.length === 0, 'a file with a mistake was used');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  },
};
