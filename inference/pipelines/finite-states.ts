/**
 * What text encoders give is checked at once: with one value that is not finite, every image of the text would be NaN.
 */
import { QschedError } from '../../contract/errors.js';

/** Characters of a text in a message. */
const SHOWN = 60;

/**
 * @param path of the encoder
 * @param states for each text, the encoder's outputs
 * @throws QschedError (failure, final) naming the encoder and the first text with a value that is not finite
 */
export function finiteStates(path: string, texts: readonly string[], states: Float32Array[][]): Float32Array[][] {
  const at = states.findIndex((outputs) => outputs.some((values) => !values.every(Number.isFinite)));
  if (at === -1) return states;
  const text = texts[at]!;
  throw new QschedError(
    'failure',
    `${path} gives values that are not finite for the text ${JSON.stringify(text.slice(0, SHOWN))}${text.length > SHOWN ? '...' : ''}.`,
    'If it is in float16, export it in float32: T5 overflows in float16.',
    true,
  );
}
