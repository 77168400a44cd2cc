/**
 * The model of a folder whose networks run behind a server, from what the server said of itself.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { ServerDescription } from '../../contract/model-server.js';
import { suggestion } from '../../contract/suggestion.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { LatentShape } from '../pipelines/latent-size.js';
import type { PipelineModel } from '../pipelines/pipeline-kind.js';
import { connectServer } from './server-client.js';
import { DESCRIBED_FILE, serverPlace } from './served-folder.js';
import { servedPipeline } from './served-pipeline.js';

/** Precisions of a served model, sorted. */
export const servedPrecisions = ({ precisions }: ServerDescription): string[] => Object.keys(precisions).sort();

/** @throws QschedError (usage): an option that the server does not take, a size that is no multiple of its own */
export function servedModel(
  folder: string,
  name: string,
  precision: string,
  options: PipelineOptions,
  description: ServerDescription,
): PipelineModel {
  refuseOptions(name, description, options);
  const latentShape = shapeOf(name, description, options);
  return {
    files: [DESCRIBED_FILE],
    latentShape,
    networks: [],
    tokenizers: [],
    served: {
      readsText: description.readsText,
      batches: description.batches,
      numeric: numericOf(description),
    },
    open({ servers, batches }) {
      const place = serverPlace(folder);
      const address = servers?.[name] ?? place.address;
      if (address === undefined) {
        throw new QschedError(
          'failure',
          `The server of the model "${name}" was not started by this process.`,
          `Allow its command: npx qsched up --model ${name} --allow-server (${join(folder, 'server.json')} has it).`,
          true,
        );
      }
      const { timeoutSeconds, retries } = place;
      const client = connectServer({ model: name, address, timeoutSeconds, retries });
      return Promise.resolve(
        servedPipeline(client, { model: name, precision, options, latentShape, batches, description }),
      );
    },
  };
}

function refuseOptions(name: string, { options: taken }: ServerDescription, options: PipelineOptions): void {
  const other = Object.keys(options).find((option) => !(taken as readonly string[]).includes(option));
  if (other === undefined) return;
  throw new QschedError(
    'usage',
    `The server of the model "${name}" does not take the option ${other}.`,
    taken.length === 0 ? 'It takes none.' : suggestion(other, taken),
  );
}

function shapeOf(
  name: string,
  { latentShape, pixelsPerLatent }: ServerDescription,
  options: PipelineOptions,
): LatentShape {
  const [channels, ...sides] = latentShape;
  const [height, width] = (['height', 'width'] as const).map((side, i) => {
    const pixels = options[side];
    if (pixels === undefined) return sides[i]!;
    if (pixels % pixelsPerLatent === 0) return pixels / pixelsPerLatent;
    throw new QschedError(
      'usage',
      `${side} is ${pixels}: the model "${name}" takes multiples of ${pixelsPerLatent}.`,
      `For example ${Math.max(1, Math.round(pixels / pixelsPerLatent)) * pixelsPerLatent}.`,
    );
  });
  return [channels, height!, width!];
}

/** Versions and device of the server; ONNX Runtime still computes scorers. */
const numericOf = ({ device, versions, dtype }: ServerDescription): Readonly<Record<string, unknown>> => ({
  server: { device, versions, dtype },
});
