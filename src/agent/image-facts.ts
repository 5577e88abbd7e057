import type { Activation } from '../kernel/types.js';
import type { ImageFacts } from '../telemetry/metrics.js';
import type { Prepared } from './policies.js';

/** What metrics show of an image that has come into force. */
export function imageFacts({ image, ruleset }: Prepared, { generation }: Activation): ImageFacts {
  const places: Record<string, number> = {};
  for (const { place } of image.places) places[place] = (places[place] ?? 0) + 1;
  const { diagnostics } = ruleset;
  return {
    hash: image.hash,
    generation,
    bytes: image.bytes.length,
    places,
    diagnostics: {
      errors: diagnostics.filter(({ severity }) => severity === 'error').length,
      warnings: diagnostics.filter(({ severity }) => severity === 'warning').length,
    },
  };
}
