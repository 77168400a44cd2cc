/**
 * Networks of scorer folders, as they are checked before they are loaded.
 */
import { tokenLength } from '../models/clip-tokenizer.js';
import type { NetworkFile } from '../models/network-file.js';

/** Their rows per call are not planned by size. */
const SCORER = { role: 'scorer', rowBytes: 0 } as const;

/** A network of images. @param side height and width of its input; null for any */
export const imageNetwork = (
  side: number | null,
  file = 'vision_model.onnx',
  output = 'image_embeds',
): NetworkFile => ({
  ...SCORER,
  file,
  inputs: { pixel_values: { rows: 'values', shape: [3, side, side] } },
  outputs: [output],
});

/** Text and image side of a CLIP folder. @param side as of `imageNetwork` */
export const clipNetworks = (folder: string, side: number | null): NetworkFile[] => [
  {
    ...SCORER,
    file: 'text_model.onnx',
    inputs: { input_ids: { rows: 'ids', shape: [tokenLength(folder)] } },
    outputs: ['text_embeds'],
  },
  imageNetwork(side),
];
