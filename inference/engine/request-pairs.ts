/**
 * Pairs of a request, as the engine takes them.
 */
import { QschedError } from '../../contract/errors.js';
import type { WirePair, WirePrompt } from '../../contract/wire/network.js';
import type { Pair } from './sampling-loop.js';

/**
 * Every pair with its prompt.
 *
 * @throws QschedError (usage) if a pair names a prompt that the request does not have
 */
export function pairsOf({
  prompts,
  pairs,
}: {
  readonly prompts: readonly WirePrompt[];
  readonly pairs: readonly WirePair[];
}): Pair[] {
  return pairs.map(([index, seed]) => {
    const prompt = prompts[index];
    if (prompt === undefined) {
      throw new QschedError('usage', `A pair names prompt ${index}, but the request has ${prompts.length} prompts.`);
    }
    return { ...prompt, seed };
  });
}
