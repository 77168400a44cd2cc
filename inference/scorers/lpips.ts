/**
 * LPIPS from an ONNX export of its feature network (metrics/pairwise/lpips.ts). model.onnx takes `pixel_values`
 * (B, 3, height, width) on -1 to 1 and gives one feature map a layer, (B, channels, h, w); heads.json holds
 * [{"output": name of a layer's map, "weights": [one number a channel]}, ...].
 */
import { join } from 'node:path';
import { z } from 'zod';
import { QschedError } from '../../contract/errors.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { lpips as distance, lpipsInput } from '../../metrics/pairwise/lpips.js';
import { readJson } from '../models/folder-files.js';
import { sharedSession } from '../models/network-pool.js';
import type { ScorerKind } from './scorer-kind.js';
import { imageNetwork } from './scorer-networks.js';

const NETWORK = 'model.onnx';
const HEADS = 'heads.json';

const Heads = z.array(z.strictObject({ output: z.string().min(1), weights: z.array(z.number()).min(1) })).min(1);
/** Sides that the network needs so that no layer is empty. */
const LeastSide = z.number().int().min(1).default(1);

/** No terms of one image: it compares two. */
export const lpips: ScorerKind = {
  version: 'lpips-1',
  files: [NETWORK, HEADS],
  networks: (_, folder) => [
    {
      ...imageNetwork(null, NETWORK),
      outputs: readHeads(folder).map(({ output }) => output),
    },
  ],
  make: 'python tools/export_scorer.py lpips --checkpoint alexnet-owt-7be5be79.pth --output models/lpips',
  check(manifest, folder) {
    readLeastSide(manifest, folder);
    readHeads(folder);
    return [];
  },
  async open({ role, folder, names, manifest }, options) {
    const heads = readHeads(folder);
    const least = readLeastSide(manifest, folder);
    const outputs = heads.map(({ output }) => output);
    const weights = heads.map((head) => Float64Array.from(head.weights));
    const session = await sharedSession(join(folder, NETWORK), options);
    /** Feature maps of images of one size, a list of layers per image. */
    const mapsOf = (images: readonly RgbImage[], checkpoint?: () => Promise<void>): Promise<Float32Array[][]> => {
      const { width, height } = images[0]!;
      return session.runAll(
        images,
        (slice) => ({ pixel_values: { rows: slice.map(lpipsInput), shape: [3, height, width] } }),
        outputs,
        checkpoint,
      );
    };
    return {
      role,
      names,
      score: (images) => Promise.resolve(images.map(() => new Float64Array(0))),
      async compare(reference, candidate, checkpoint) {
        const values = new Float64Array(reference.length);
        for (const places of batchesOfOneSize(reference, session.batch)) {
          checkSides(reference[places[0]!]!, least, folder);
          const before = await mapsOf(
            places.map((i) => reference[i]!),
            checkpoint,
          );
          const after = await mapsOf(
            places.map((i) => candidate[i]!),
            checkpoint,
          );
          for (const [row, i] of places.entries()) values[i] = distance(before[row]!, after[row]!, weights);
        }
        return values;
      },
      release: () => session.release(),
    };
  },
};

/** Places of images, in lists of at most `batch` with one size each: feature maps of more would not be let go between them. */
function batchesOfOneSize(images: readonly RgbImage[], batch: number): number[][] {
  const open = new Map<string, number[]>();
  const lists: number[][] = [];
  images.forEach(({ width, height }, i) => {
    const size = `${width} x ${height}`;
    let list = open.get(size);
    if (list === undefined || list.length === batch) {
      list = [];
      lists.push(list);
      open.set(size, list);
    }
    list.push(i);
  });
  return lists;
}

function checkSides({ width, height }: RgbImage, least: number, folder: string): void {
  if (Math.min(width, height) >= least) return;
  throw new QschedError(
    'usage',
    `The LPIPS network of ${folder} needs sides of at least ${least} pixels, not ${width} x ${height}.`,
    'Compare larger images, or use another feature network.',
  );
}

function readHeads(folder: string): z.infer<typeof Heads> {
  const read = Heads.safeParse(readJson(folder, HEADS));
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw new QschedError(
    'usage',
    `${join(folder, HEADS)} is wrong at ${path.join('.') || 'its top level'}: ${message}.`,
    `Make it again: ${lpips.make}`,
  );
}

function readLeastSide({ leastSide }: Readonly<Record<string, unknown>>, folder: string): number {
  const read = LeastSide.safeParse(leastSide);
  if (read.success) return read.data;
  throw new QschedError(
    'usage',
    `${join(folder, 'scorer.json')}: leastSide is ${JSON.stringify(leastSide)}, not a whole number of pixels.`,
    `Make it again: ${lpips.make}`,
  );
}
