/** Shards of an evaluation: nothing is made twice, and what is damaged is made again. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeTable } from '../../artefacts/artefact-formats.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import type { RenderTools } from '../../inference/engine/shard-context.js';
import { BATCH, jobOf, NAMES, nameOf, pairsOf, SCHEDULE, ShardBench } from './shard-bench.js';

let bench: ShardBench;
beforeEach(() => {
  bench = new ShardBench();
});
afterEach(() => {
  bench.remove();
});

describe('a shard', () => {
  test('is generated in network batches, scored, and kept', async () => {
    const made = await bench.render(jobOf(pairsOf(5)));
    expect(made).toMatchObject({ generated: 10, reused: 0, failed: [], damaged: 0 });
    expect(bench.counts).toMatchObject({ generated: pairsOf(5).map(nameOf), scored: 10, featured: 10 });
    const [block] = bench.blocksOf(made.record);
    expect(block!.images).toHaveLength(10);
    const terms = decodeTable(bench.artefacts.get(block!.terms[0]!.hash)!)!;
    expect(terms).toMatchObject({ rows: 10, columns: 2 });
    expect(Array.from(terms.values.subarray(4, 8))).toEqual([0.01, 0.1, 0.01, 0.2]);
    expect(Array.from(decodeTable(bench.artefacts.get(block!.features!)!)!.values.subarray(18))).toEqual([4, 2]);
  });

  test('is reused the second time: no network is opened', async () => {
    const first = await bench.render(jobOf(pairsOf(5)));
    bench.counts.opened = 0;
    expect(await bench.render(jobOf(pairsOf(5)))).toEqual({ ...first, generated: 0, reused: 10 });
    expect(bench.counts).toMatchObject({ opened: 0, scored: 10, featured: 10 });
  });

  test('with another scorer generates nothing, and scores the images that are kept', async () => {
    await bench.render(jobOf(pairsOf(5)));
    const made = await bench.render(
      jobOf(pairsOf(5), {
        scorers: [{ role: 'objective', fingerprint: 'another version', names: NAMES }],
      }),
    );
    expect(made).toMatchObject({ generated: 0, reused: 10 });
    expect(bench.counts).toMatchObject({ scored: 20, featured: 10 });
    expect(bench.counts.generated).toHaveLength(10);
  });

  test.each([
    ['network', { network: 'other' }],
    ['schedule', { schedule: { ...SCHEDULE, initNoiseSigma: 2 } }],
  ])('with another %s is generated anew', async (_, own) => {
    await bench.render(jobOf(pairsOf(2)));
    expect(await bench.render(jobOf(pairsOf(2), own))).toMatchObject({ generated: 4, reused: 0 });
  });

  test('that grows generates only the new images, and keeps the numbers of whole blocks', async () => {
    await bench.render(jobOf(pairsOf(BLOCK_IMAGES)));
    expect(bench.counts.scored).toBe(2 * BLOCK_IMAGES);
    const made = await bench.render(jobOf(pairsOf(BLOCK_IMAGES + 5)));
    expect(made).toMatchObject({ generated: 10, reused: 2 * BLOCK_IMAGES });
    expect(bench.counts.scored).toBe(2 * BLOCK_IMAGES + 10);
  });

  test('that breaks down in the middle keeps every finished batch, and continues from there', async () => {
    bench.calls = 2;
    await expect(bench.render(jobOf(pairsOf(10)))).rejects.toThrow('the engine broke down');
    expect(bench.counts.generated).toHaveLength(2 * BATCH);
    bench.calls = Infinity;
    expect(await bench.render(jobOf(pairsOf(10)))).toMatchObject({ generated: 20 - 2 * BATCH, reused: 2 * BATCH });
    expect(new Set(bench.counts.generated).size).toBe(20);
    expect(bench.counts.generated).toHaveLength(20);
  });
});

describe('an image that failed', () => {
  test('is kept as a failure, has no numbers, and is not generated again', async () => {
    bench.broken.add('1/2');
    const first = await bench.render(jobOf(pairsOf(3)));
    expect(first.failed).toEqual([
      { reason: 'the latent has 1 values that are not finite after step 1 of 1', count: 1 },
    ]);
    const [block] = bench.blocksOf(first.record);
    expect(block!.failed).toEqual([{ at: 3, reason: 'the latent has 1 values that are not finite after step 1 of 1' }]);
    const terms = decodeTable(bench.artefacts.get(block!.terms[0]!.hash)!)!;
    expect(Array.from(terms.values.subarray(4, 10))).toEqual([0.01, 0.1, NaN, NaN, 0.02, 0.1]);
    expect(await bench.render(jobOf(pairsOf(3)))).toEqual({ ...first, generated: 0, reused: 6 });
  });

  test('is generated again on request, without the others', async () => {
    bench.broken.add('1/2');
    await bench.render(jobOf(pairsOf(BLOCK_IMAGES)));
    bench.broken.clear();
    bench.recount();
    const made = await bench.render(jobOf(pairsOf(BLOCK_IMAGES), { retryFailed: true }));
    expect(made).toMatchObject({ generated: 1, reused: 2 * BLOCK_IMAGES - 1, failed: [] });
    expect(bench.counts).toMatchObject({ generated: ['1/2'], scored: BLOCK_IMAGES, featured: BLOCK_IMAGES });
    expect(await bench.render(jobOf(pairsOf(BLOCK_IMAGES)))).toEqual({
      ...made,
      generated: 0,
      reused: 2 * BLOCK_IMAGES,
    });
  });

  test('a score that was not a number is computed again on request, and no image is generated', async () => {
    bench.unscored.add(1);
    await bench.render(jobOf(pairsOf(3)));
    bench.unscored.clear();
    bench.recount();
    await bench.render(jobOf(pairsOf(3)));
    expect(bench.counts).toMatchObject({ generated: [], scored: 0 });
    const made = await bench.render(jobOf(pairsOf(3), { retryFailed: true }));
    expect(bench.counts).toMatchObject({ generated: [], scored: 6, featured: 0 });
    expect(
      Array.from(
        decodeTable(bench.artefacts.get(bench.blocksOf(made.record)[0]!.terms[0]!.hash)!)!.values.subarray(4, 8),
      ),
    ).toEqual([0.01, 0.1, 0.01, 0.2]);
  });
});

describe('damage', () => {
  test('of any object is noticed: that object alone is made again', async () => {
    const first = await bench.render(jobOf(pairsOf(5)));
    const paths = bench.objects();
    expect(paths).toHaveLength(10 + 2 + 1);
    for (const path of paths) {
      writeFileSync(path, 'damaged');
      const before = bench.counts.generated.length;
      const again = await bench.render(jobOf(pairsOf(5)));
      expect(again.record).toBe(first.record);
      // The record itself is written, not read.
      expect(again.damaged).toBe(path.endsWith(first.record) ? 0 : 1);
      expect(bench.counts.generated.length - before).toBe(again.generated);
      expect(again.generated).toBeLessThanOrEqual(1);
    }
    expect(bench.counts.generated).toHaveLength(20);
  });
});

test('numbers of a scorer that changed meanwhile are not kept', async () => {
  const asked: string[] = [];
  const refuseOther: RenderTools['refuseOther'] = async ({ role, fingerprint }) => {
    asked.push(`${role} ${fingerprint}`);
    throw new Error('the scorer has changed');
  };
  await expect(bench.render(jobOf(pairsOf(2)), { refuseOther })).rejects.toThrow('the scorer has changed');
  expect(asked).toEqual(['objective clip']);
  await bench.render(jobOf(pairsOf(2)));
  expect(bench.counts).toMatchObject({ scored: 8, featured: 4 });
  expect(bench.counts.generated).toHaveLength(4);
});

test('a scorer without features is refused for features', async () => {
  const scorer = async (role: string) => {
    const { features: _, ...bare } = bench.scorer(role);
    return bare;
  };
  await expect(bench.render(jobOf(pairsOf(2)), { scorer })).rejects.toThrow(
    expect.objectContaining({
      final: true,
      message: 'The scorer "objective" has no features, so there are no distances in it.',
    }),
  );
});
