/**
 * How a pipeline is run: the fields of a spec, and what crosses the wire. A field that is left out has the model's own
 * value, and takes no part in ids and keys.
 */
import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import type { PipelineOptions } from './wire/network.js';

const MAX_SIDE = 8192;
const side = z
  .number('must be a number of pixels')
  .int('must be a whole number of pixels')
  .min(8, 'must be at least 8 pixels')
  .max(MAX_SIDE, `must be at most ${MAX_SIDE} pixels`);

/** Fields of a search and of a row of an evaluation. */
export const pipelineFields = {
  /**
   * Guidance scale, as diffusers' pipelines take it. Above 1, a model without guidance of its own runs classifier-free
   * guidance, at twice the cost.
   */
  guidance: z.number('must be a number').min(0, 'must not be negative').max(100, 'must be at most 100').optional(),
  /** What classifier-free guidance leads away from; an empty text by default. */
  negativePrompt: z.string('must be a text').max(4000, 'takes at most 4000 characters').optional(),
  /** Pixels of an image: one number for a square, or [height, width]. */
  size: z
    .union([side, z.tuple([side, side])], 'must be a number of pixels, or [height, width], from 8 to 8192')
    .optional(),
  /** Tokens per text of a T5 encoder. */
  sequenceLength: z
    .number('must be a whole number of tokens')
    .int('must be a whole number of tokens')
    .min(8, 'must be at least 8')
    .max(4096, 'must be at most 4096')
    .optional(),
};

const PipelineChoice = z.object(pipelineFields);
export type PipelineChoice = Omit<Readonly<z.infer<typeof PipelineChoice>>, 'size'> & {
  readonly size?: number | readonly [number, number] | undefined;
};

/** The options of a spec as they cross the wire; without what is left out. */
export function pipelineOptions({ guidance, negativePrompt, size, sequenceLength }: PipelineChoice): PipelineOptions {
  const [height, width] = size === undefined ? [] : typeof size === 'number' ? [size, size] : size;
  return {
    ...(height === undefined ? {} : { height }),
    ...(width === undefined ? {} : { width }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(negativePrompt === undefined ? {} : { negativePrompt }),
    ...(sequenceLength === undefined ? {} : { sequenceLength }),
  };
}

/** The fields of a spec that say how its pipeline is run; without what is left out. */
export function pipelineChoice(spec: PipelineChoice): PipelineChoice {
  const given = Object.keys(pipelineFields) as (keyof PipelineChoice)[];
  return Object.fromEntries(given.filter((key) => spec[key] !== undefined).map((key) => [key, spec[key]]));
}

/** Whether two specs run their pipelines alike. */
export const samePipeline = (a: PipelineChoice, b: PipelineChoice): boolean =>
  canonicalJson(pipelineOptions(a)) === canonicalJson(pipelineOptions(b));

/** The options as flags of the command line. */
export function pipelineFlags(choice: PipelineChoice): string {
  const { height, width, guidance, negativePrompt, sequenceLength } = pipelineOptions(choice);
  return [
    height === undefined ? '' : ` --size ${height}x${width}`,
    guidance === undefined ? '' : ` --guidance ${guidance}`,
    negativePrompt === undefined ? '' : ` --negative-prompt ${JSON.stringify(negativePrompt)}`,
    sequenceLength === undefined ? '' : ` --sequence-length ${sequenceLength}`,
  ].join('');
}
