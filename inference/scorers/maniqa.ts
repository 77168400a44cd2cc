/**
 * MANIQA from an ONNX export: term `maniqa`, the mean over 20 evenly spread crops (metrics/scores/maniqa.ts).
 * model.onnx takes `pixel_values` (B, 3, 224, 224) and gives `score` (B).
 */
import { join } from 'node:path';
import { MANIQA_SIZE, maniqaCrops, maniqaPreprocess, maniqaScore } from '../../metrics/scores/maniqa.js';
import { openImageTower, squareInput } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { imageNetwork } from './scorer-networks.js';

/** Term `maniqa`, 0 to 1, higher is better. */
export const maniqa: ScorerKind = {
  version: 'maniqa-1',
  files: ['model.onnx'],
  networks: () => [imageNetwork(MANIQA_SIZE, 'model.onnx', 'score')],
  make: 'python tools/export_scorer.py maniqa --checkpoint ckpt_koniq10k.pt --source MANIQA --output models/maniqa',
  check: () => ['maniqa'],
  async open({ role, folder, names }, options) {
    const tower = await openImageTower(
      join(folder, 'model.onnx'),
      options,
      squareInput(MANIQA_SIZE, maniqaPreprocess),
      'score',
    );
    return {
      role,
      names,
      async score(images, checkpoint) {
        const out: Float64Array[] = [];
        for (let start = 0; start < images.length; start += options.batch) {
          const crops = images.slice(start, start + options.batch).map(({ image }) => maniqaCrops(image));
          const scores = await tower.embed(
            crops.flatMap((own) => own.map(({ image }) => image)),
            checkpoint,
          );
          let at = 0;
          for (const own of crops) {
            out.push(
              Float64Array.of(
                maniqaScore(
                  scores.slice(at, at + own.length).map((row) => row[0]!),
                  own,
                ),
              ),
            );
            at += own.length;
          }
        }
        return out;
      },
      release: () => tower.release(),
    };
  },
};
