/**
 * The networks of a model folder as a pipeline.
 */
import { denoiserRows } from '../models/denoiser-rows.js';
import type { ModelFolder } from '../models/model-folder.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { openTextToImage } from '../models/text-to-image.js';
import type { Pipeline } from '../pipelines/pipeline.js';

/** Opens them. */
export async function openPipeline(model: ModelFolder, options: SessionOptions): Promise<Pipeline> {
  const { batch } = options;
  const networks = await openTextToImage(model, options);
  const rows = { denoiser: 0, padded: 0 };
  return {
    latentShape: model.latentShape,
    batches: { text: batch, denoiser: batch, decoder: batch, scorer: batch },
    rows,
    async encode(texts) {
      const states = await networks.encodeTexts(texts);
      return states.map((state) => ({ tensors: [state.slice()], bytes: state.byteLength }));
    },
    async denoise(latents, timestep, conditioning, checkpoint) {
      const { computed, padded } = denoiserRows;
      const hidden = conditioning.map(({ tensors }) => tensors[0]!);
      const outputs = await networks.denoise(latents, timestep, hidden, checkpoint);
      rows.denoiser += denoiserRows.computed - computed;
      rows.padded += denoiserRows.padded - padded;
      return outputs;
    },
    decode: (latents, checkpoint) => networks.decode(latents, checkpoint),
    releaseEncoders: async () => undefined,
    release: () => networks.release(),
  };
}
