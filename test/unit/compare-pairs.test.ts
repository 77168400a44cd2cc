/** Images beside those of a reference: nothing is compared twice, failed images have no scores, and what is gone is named. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeImage, type KeptImage } from '../../artefacts/artefact-formats.js';
import { pathIn } from '../../artefacts/artefact-folder.js';
import { decodePairs } from '../../artefacts/pair-record.js';
import { encodeShard } from '../../artefacts/shard-record.js';
import { readPairs } from '../../compute/read-pairs.js';
import type { CompareRequest, WirePairScore } from '../../contract/wire/compare.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { comparePairs } from '../../inference/engine/compare-pairs.js';
import type { Scorer } from '../../inference/scorers/scorer.js';
import { psnr } from '../../metrics/pairwise/psnr.js';
import { ssim } from '../../metrics/pairwise/ssim.js';
import { changedImage, formulaImage } from './formula-image.js';
import { ShardBench } from './shard-bench.js';

let bench: ShardBench;
let compared: number;
let distances: (i: number) => number;
beforeEach(() => {
  bench = new ShardBench();
  compared = 0;
  distances = (i) => i / 10;
});
afterEach(() => {
  bench.remove();
});

const reference = (i: number) => formulaImage(16, 12, i);
const candidate = (i: number) => changedImage(reference(i), i + 1);
const FAILED = { failed: 'the latent has 1 values that are not finite' };
const scoreOf = (name: WirePairScore['score'], scorer: string | null = null): WirePairScore => ({
  name,
  score: name,
  scorer,
  fingerprint: (name === 'psnr' ? 'a' : 'b').repeat(64),
});
const PIXELS = [scoreOf('psnr'), scoreOf('ssim')];

/** Shards of so many images each, as `render` keeps them. */
function shards(images: readonly KeptImage[], sizes: readonly number[]): string[] {
  let from = 0;
  return sizes.map((size) => {
    const own = images.slice(from, (from += size));
    const failed = own.flatMap((image, at) => ('failed' in image ? [{ at, reason: image.failed }] : []));
    const block = { images: own.map((image) => bench.artefacts.put(encodeImage(image))), failed, terms: [] };
    return bench.artefacts.put(encodeShard([{ ...block, features: null }]));
  });
}

/** Gives the distances that the test says, and counts. */
const scorer = (): Scorer => ({
  role: 'lpips',
  names: [],
  score: async (images) => images.map(() => new Float64Array()),
  compare: async (images) => {
    compared += images.length;
    return Float64Array.from(images, (_, i) => distances(i));
  },
  release: async () => undefined,
});

const tools = () => ({ artefacts: () => bench.artefacts, scorer: async () => scorer(), refuseOther: async () => {} });

const requestOf = (sides: readonly [readonly KeptImage[], readonly KeptImage[]], own: Partial<CompareRequest> = {}) => {
  const count = sides[0].length;
  return {
    version: WIRE_VERSION as typeof WIRE_VERSION,
    network: null,
    scores: PIXELS,
    reference: shards(sides[0], [count]),
    candidate: shards(sides[1], [count - 1, 1]),
    from: 0,
    to: count,
    retryFailed: false,
    ...own,
  };
};
const sidesOf = (count: number) =>
  [reference, candidate].map((side) => Array.from({ length: count }, (_, i) => side(i))) as [KeptImage[], KeptImage[]];

const recordOf = (hash: string | null) => decodePairs(bench.artefacts.get(hash!)!)!;

describe('pairs', () => {
  test('have one row of scores each, however their shards were cut', async () => {
    const made = await comparePairs(requestOf(sidesOf(BLOCK_IMAGES + 3)), tools());
    expect(made).toMatchObject({ compared: BLOCK_IMAGES + 3, reused: 0, failed: [], missing: [] });
    const record = recordOf(made.record);
    expect(record.scores).toEqual(['psnr', 'ssim']);
    expect(Array.from(record.values)).toEqual(
      Array.from({ length: BLOCK_IMAGES + 3 }, (_, i) => [
        psnr(reference(i), candidate(i)),
        ssim(reference(i), candidate(i)),
      ]).flat(),
    );
  });

  test('are not compared twice: the second time all is reused', async () => {
    const request = requestOf(sidesOf(4), { scores: [scoreOf('lpips', 'lpips')] });
    const first = await comparePairs(request, tools());
    expect(await comparePairs(request, tools())).toEqual({ ...first, compared: 0, reused: 4 });
    expect(compared).toBe(4);
  });

  test('of another version of a score are compared anew, and keep their other scores', async () => {
    const request = requestOf(sidesOf(4), { scores: [scoreOf('lpips', 'lpips'), PIXELS[0]!] });
    await comparePairs(request, tools());
    const other = { ...scoreOf('lpips', 'lpips'), fingerprint: 'c'.repeat(64) };
    expect(await comparePairs({ ...request, scores: [other, PIXELS[0]!] }, tools())).toMatchObject({ compared: 4 });
    expect(compared).toBe(8);
  });

  test('of a part are those of the whole at these places', async () => {
    const request = requestOf(sidesOf(6));
    const whole = recordOf((await comparePairs(request, tools())).record);
    const part = recordOf((await comparePairs({ ...request, from: 2, to: 5 }, tools())).record);
    expect(part.reference).toEqual(whole.reference.slice(2, 5));
    expect(part.values).toEqual(whole.values.slice(4, 10));
  });

  test('are read again over several records', async () => {
    const request = requestOf(sidesOf(6));
    const records = await Promise.all(
      [
        [0, 4],
        [4, 6],
      ].map(async ([from, to]) => (await comparePairs({ ...request, from: from!, to: to! }, tools())).record!),
    );
    const missing = new Set<string>();
    const read = readPairs(['ssim'], [...records, 'f'.repeat(64)], bench.artefacts, missing);
    expect([...missing]).toEqual(['f'.repeat(64)]);
    expect(read.reference).toHaveLength(6);
    expect(Array.from(read.values['ssim']!)).toEqual(
      Array.from({ length: 6 }, (_, i) => ssim(reference(i), candidate(i))),
    );
  });
});

describe('failures', () => {
  test('an image that failed on either side has no score, and its reason is told', async () => {
    const [before, after] = sidesOf(5);
    before[1] = FAILED;
    after[3] = FAILED;
    const made = await comparePairs(requestOf([before, after]), tools());
    expect(made.failed).toEqual([
      { reason: `the reference: ${FAILED.failed}`, count: 1 },
      { reason: FAILED.failed, count: 1 },
    ]);
    const { values, failed } = recordOf(made.record);
    expect(failed.map(({ at }) => at)).toEqual([1, 3]);
    expect(Array.from(values, Number.isFinite)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
  });

  test('a score that is not finite is a failure of its pair, kept until it is asked for again', async () => {
    distances = (i) => (i === 1 ? NaN : 0.5);
    const request = requestOf(sidesOf(3), { scores: [scoreOf('lpips', 'lpips')] });
    expect((await comparePairs(request, tools())).failed).toEqual([{ reason: 'lpips is not finite', count: 1 }]);
    distances = () => 0.5;
    expect(await comparePairs(request, tools())).toMatchObject({ compared: 0, failed: [{ count: 1 }] });
    const again = await comparePairs({ ...request, retryFailed: true }, tools());
    expect(again).toMatchObject({ compared: 3, failed: [] });
    expect(Array.from(recordOf(again.record).values)).toEqual([0.5, 0.5, 0.5]);
  });

  test('a scorer that changed meanwhile leaves nothing behind', async () => {
    const request = requestOf(sidesOf(2), { scores: [scoreOf('lpips', 'lpips')] });
    const refuseOther = () => Promise.reject(new Error('it has changed'));
    await expect(comparePairs(request, { ...tools(), refuseOther })).rejects.toThrow('it has changed');
    expect(await comparePairs(request, tools())).toMatchObject({ compared: 2, reused: 0 });
  });
});

describe('what does not fit', () => {
  test('images of different sizes are refused with the pair', async () => {
    const [before, after] = sidesOf(3);
    after[2] = formulaImage(12, 16, 2);
    await expect(comparePairs(requestOf([before, after]), tools())).rejects.toMatchObject({
      code: 'usage',
      message:
        'Pair 3: An image of 12 x 16 pixels cannot be compared with its reference of 16 x 12: both need one size.',
    });
  });

  test('sides of different length are refused', async () => {
    const request = requestOf(sidesOf(3));
    const longer = [...request.candidate, ...shards([candidate(3)], [1])];
    await expect(comparePairs({ ...request, candidate: longer }, tools())).rejects.toThrow(
      'The reference has 3 images and the candidate 4: a comparison needs the same prompts and seeds.',
    );
    await expect(comparePairs({ ...request, to: 4 }, tools())).rejects.toThrow(
      'Pairs 0 to 4 were asked for, but there are 3.',
    );
  });

  test('a record that is gone is named, and so is one whose image is gone', async () => {
    const request = requestOf(sidesOf(3));
    const lost = { ...request, reference: ['e'.repeat(64)] };
    expect(await comparePairs(lost, tools())).toMatchObject({ record: null, missing: ['e'.repeat(64)] });
    const image = bench.artefacts.put(encodeImage(candidate(2)));
    rmSync(pathIn(bench.folder, 'objects', image));
    expect(await comparePairs(request, tools())).toEqual({
      record: null,
      compared: 0,
      reused: 0,
      failed: [],
      missing: [request.candidate[1]],
    });
  });
});
