import { parseConfigFile } from '../../src/agent/config-file.js';
import { type ConfigSources, type LayeredConfig, layerConfig } from '../../src/agent/config-layers.js';

/** The configuration of a file's text, with nothing in the environment but what is given. */
export function layered(text: string, sources: Partial<ConfigSources> = {}): LayeredConfig {
  return layerConfig({ file: 'p.yaml', ...parseConfigFile(text, 'p.yaml') }, { environment: {}, ...sources });
}
