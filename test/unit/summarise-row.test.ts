/** One row of an evaluation from its shards: means, gains, distances and warnings. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeTable, encodeTable } from '../../artefacts/artefact-formats.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import { encodePairs } from '../../artefacts/pair-record.js';
import { encodeShard } from '../../artefacts/shard-record.js';
import { summariseRow } from '../../compute/summarise-row.js';
import type { SummariseRequest } from '../../contract/evaluate-payloads.js';
import { encodeFloats } from '../../contract/float-text.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { jobOf, nameOf, pairsOf, ShardBench } from './shard-bench.js';
import { requestOf } from './summary-request.js';

let bench: ShardBench;
beforeEach(() => {
  bench = new ShardBench();
});
afterEach(() => {
  bench.remove();
});

describe('a summary', () => {
  test('of one row has the means of its images, and a warning about what is missing', async () => {
    const { record } = await bench.render(jobOf(pairsOf(5)));
    const { row, warnings, pValue } = await summariseRow(requestOf([record], 5), bench.artefacts);
    // cosine is 0, .01 .. .04; quality .1 or .2
    expect(row).toMatchObject({
      images: 10,
      failed: 0,
      fid: null,
      fidSd: null,
      gains: [],
      recommend: null,
      schedule: 'identity',
      steps: 1,
    });
    expect(row.clipScore).toBeCloseTo(2, 12);
    expect(row.tc).toBeCloseTo(2.5 * 0.02, 12);
    expect(row.iq).toBeCloseTo(0.15, 12);
    expect(row.objective).toBeCloseTo(2.5 * 0.02 + 0.3, 12);
    expect(row.scores['cosine@objective']!.mean).toBeCloseTo(0.02, 12);
    expect(pValue).toBeNull();
    expect(warnings.join()).toMatch(
      /No FID: shapes has no statistics of real images \(reference\/no-reference\.json in its folder\)\..*tools\/feature_statistics\.py/,
    );
  });

  test('of images that all failed has no numbers', async () => {
    for (const pair of pairsOf(2)) bench.broken.add(nameOf(pair));
    const made = await bench.render(jobOf(pairsOf(2)));
    expect(made.failed).toEqual([
      { reason: 'the latent has 1 values that are not finite after step 1 of 1', count: 4 },
    ]);
    const summary = await summariseRow(requestOf([made.record], 2), bench.artefacts);
    expect(summary.row).toMatchObject({
      images: 0,
      failed: 4,
      objective: null,
      tc: null,
      iq: null,
      clipScore: null,
      scores: {},
      fid: null,
    });
    expect(summary.warnings.join()).toMatch(/4 of 4 images failed \(the latent has 1 values/);
  });

  test('names the records whose artefacts are gone or damaged', async () => {
    const { record } = await bench.render(jobOf(pairsOf(5)));
    expect((await summariseRow(requestOf([record], 5), bench.artefacts)).missing).toEqual([]);
    const [block] = bench.blocksOf(record);
    for (const hash of [block!.terms[0]!.hash, block!.features!, record]) {
      writeFileSync(join(bench.folder, 'objects', hash.slice(0, 2), hash), 'damaged');
      expect((await summariseRow(requestOf([record], 5), bench.artefacts)).missing).toEqual([record]);
      expect((await bench.render(jobOf(pairsOf(5)))).record).toBe(record);
      expect((await summariseRow(requestOf([record], 5), bench.artefacts)).missing).toEqual([]);
    }
  });

  test('of a row in two shards equals that of the row in one', async () => {
    const whole = await bench.render(jobOf(pairsOf(6)));
    const halves = [await bench.render(jobOf(pairsOf(6).slice(0, 6))), await bench.render(jobOf(pairsOf(6).slice(6)))];
    const records = halves.map(({ record }) => record);
    const inTwo = await summariseRow(requestOf(records, 6), bench.artefacts);
    expect(inTwo.row.records).toEqual(records);
    const inOne = await summariseRow(requestOf([whole.record], 6), bench.artefacts);
    expect({ ...inTwo, row: { ...inTwo.row, records: [] } }).toEqual({ ...inOne, row: { ...inOne.row, records: [] } });
  });

  test('compares with the baseline and with full precision', async () => {
    const own = await bench.render(jobOf(pairsOf(30)));
    const other = await bench.render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = requestOf([other.record], 30);
    const { row, pValue } = await summariseRow(
      { ...request, label: 'q-sched', identity: [own.record], full: [own.record] },
      bench.artefacts,
    );
    expect(row.gains).toHaveLength(1);
    expect(row.gains[0]!.gain).toBeCloseTo(2.5 * 0.07, 12);
    expect(row.recommend).toBe('calibrated');
    expect(pValue).toBeLessThan(0.001);
    // Shifted by 7 in one feature, equal spread: the distance is 49.
    expect(row.fidSd).toBeCloseTo(49, 6);
  });

  test('leaves images with broken features out of distances, warns, and uses them once they are made again', async () => {
    const full = await bench.render(
      jobOf(pairsOf(30), { network: 'full', features: { role: 'objective', fingerprint: 'full' } }),
    );
    bench.featureless.add(3);
    const own = await bench.render(jobOf(pairsOf(30)));
    const { row, warnings } = await summariseRow(
      { ...requestOf([own.record], 30), full: [full.record] },
      bench.artefacts,
    );
    expect(row).toMatchObject({ images: 60, failed: 0 });
    expect(row.fidSd).toBeCloseTo(0, 9);
    expect(warnings.join()).toMatch(
      /features of 2 of 60 images are not finite and are left out of distances\. .*--retry-failed/,
    );
    bench.featureless.clear();
    bench.recount();
    const again = await bench.render(jobOf(pairsOf(30), { retryFailed: true }));
    // Block by block: only the one with the broken features.
    expect(bench.counts).toMatchObject({ featured: BLOCK_IMAGES, scored: 0, generated: [] });
    expect(
      (await summariseRow({ ...requestOf([again.record], 30), full: [full.record] }, bench.artefacts)).warnings.join(),
    ).not.toContain('not finite');
  });

  test('leads to its images', async () => {
    const made = [await bench.render(jobOf(pairsOf(3))), await bench.render(jobOf(pairsOf(6).slice(6)))];
    const records = made.map(({ record }) => record);
    const { row } = await summariseRow(requestOf(records, 6), bench.artefacts);
    expect(row.records).toEqual(records);
    const images = row.records.flatMap((record) => bench.blocksOf(record).flatMap((block) => block.images));
    expect(images).toHaveLength(12);
    expect(images.every((hash) => bench.artefacts.get(hash) !== undefined)).toBe(true);
  });

  describe('with statistics of real images', () => {
    /** Mean (2, 1.5) and unit covariance, for the features (prompt, seed). */
    const statistics = (dimension = 2): string => {
      const square = Float64Array.from({ length: dimension ** 2 }, (_, i) => (i % (dimension + 1) === 0 ? 1 : 0));
      const mean = Float64Array.from({ length: dimension }, (_, i) => [2, 1.5][i] ?? 0);
      return bench.artefacts.put(
        Buffer.from(
          JSON.stringify({
            features: 'no-reference',
            dimension,
            images: 100,
            mean: encodeFloats(mean),
            covariance: encodeFloats(square),
          }),
        ),
      );
    };
    const withReference = (request: SummariseRequest, reference: string): SummariseRequest => ({
      ...request,
      prepared: { ...request.prepared, reference },
    });

    test('from the artefact folder has a Frechet distance', async () => {
      const { record } = await bench.render(jobOf(pairsOf(30)));
      const request = withReference(requestOf([record], 30), statistics());
      const { row, warnings } = await summariseRow(request, bench.artefacts);
      // Prompts 0..29, seeds 1 and 2: means 14.5 and 1.5, variances (n^2 - 1) / 12 and 1 / 4, over n - 1.
      const [first, second] = [((900 - 1) / 12) * (60 / 59), (1 / 4) * (60 / 59)];
      const distance = (14.5 - 2) ** 2 + (Math.sqrt(first) - 1) ** 2 + (Math.sqrt(second) - 1) ** 2;
      expect(row.fid).toBeCloseTo(distance, 6);
      expect(row.fidFeatures).toBe('no-reference');
      expect(warnings.join()).not.toContain('No FID');
    });

    test('of another length is refused', async () => {
      const { record } = await bench.render(jobOf(pairsOf(2)));
      await expect(summariseRow(withReference(requestOf([record], 2), statistics(3)), bench.artefacts)).rejects.toThrow(
        'reference/no-reference.json of shapes has features of 3 values, but those of the scorer have 2.',
      );
    });

    test('that are gone from the folder fails with what to do', async () => {
      const { record } = await bench.render(jobOf(pairsOf(2)));
      await expect(
        summariseRow(withReference(requestOf([record], 2), 'f'.repeat(64)), bench.artefacts),
      ).rejects.toThrow(
        expect.objectContaining({
          code: 'failure',
          message: 'The statistics of real images of shapes are not in the artefact folder.',
          hint: expect.stringContaining('run the same command again') as unknown,
        }),
      );
    });
  });

  test('reuses distances that were computed before, and computes a damaged one again', async () => {
    const own = await bench.render(jobOf(pairsOf(30)));
    const other = await bench.render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = { ...requestOf([other.record], 30), full: [own.record] };
    const before = new Set(bench.objects());
    const first = await summariseRow(request, bench.artefacts);
    // The distance to full precision, and KID.
    const kept = bench.objects().filter((path) => !before.has(path));
    expect(kept).toHaveLength(2);
    const puts: string[] = [];
    const watched: ArtefactStore = {
      ...bench.artefacts,
      put: (bytes) => {
        puts.push('put');
        return bench.artefacts.put(bytes);
      },
    };
    expect(await summariseRow(request, watched)).toEqual(first);
    expect(puts).toEqual([]);
    writeFileSync(kept[0]!, 'damaged');
    expect(await summariseRow(request, watched)).toEqual(first);
    expect(puts).toEqual(['put']);
  });

  /** Scores of a second scorer beside those of a shard; the first images have none. */
  function secondScorer(record: string, unscoredImages: number): string {
    let left = unscoredImages;
    const blocks = bench.blocksOf(record).map((block) => {
      const { values } = decodeTable(bench.artefacts.get(block.terms[0]!.hash)!)!;
      const beauty = Float64Array.from(block.images, (_, i) => values[2 * i]!);
      for (let i = 0; i < block.images.length && left > 0; i += 1, left -= 1) beauty[i] = NaN;
      const hash = bench.artefacts.put(encodeTable({ rows: beauty.length, columns: 1, values: beauty }));
      return { ...block, terms: [...block.terms, { scorer: 'other', names: ['beauty'], hash }] };
    });
    return bench.artefacts.put(encodeShard(blocks));
  }

  test('counts the images of the objective, and warns about images that another scorer failed on', async () => {
    bench.broken.add('29/2');
    const own = await bench.render(jobOf(pairsOf(30)));
    const identity = await bench.render(jobOf(pairsOf(30), { network: 'identity' }));
    const request = requestOf([secondScorer(own.record, 9)], 30);
    const [scorer] = request.prepared.scorers;
    const plan = planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' });
    const other = {
      ...plan,
      text: [],
      quality: [{ scorer: 'other', term: 'beauty', form: 'raw' as const, weight: 1 }],
    };
    const prepared = {
      ...request.prepared,
      scorers: [scorer!, { ...scorer!, role: 'other', names: ['beauty'] }],
      judged: [...request.prepared.judged, { scorer: 'other', plan: other }],
    };
    const alone = await summariseRow({ ...request, prepared }, bench.artefacts);
    expect(alone.row).toMatchObject({ images: 59, failed: 1 });
    // cosine p / 100 and quality .1 or .2, but for the image that failed.
    const cosine = (2 * 435 - 29) / 100 / 59;
    expect(alone.row.objective).toBeCloseTo(2.5 * cosine + 2 * ((30 * 0.1 + 29 * 0.2) / 59), 12);
    expect(alone.row.clipScore).toBeCloseTo(100 * cosine, 12);
    const about = 'shapes w4a8, 1 step, identity: ';
    expect(alone.warnings.filter((warning) => warning.startsWith(about))).toEqual([
      `${about}1 of 60 images failed (the latent has 1 values that are not finite after step 1 of 1) and are left out of the objective. To retry them: --retry-failed (retryFailed: true).`,
      `${about}the scorer "other" failed on 9 of 59 images; its means are over the other 50. To retry them: --retry-failed (retryFailed: true).`,
    ]);
    const records = [secondScorer(identity.record, 0)];
    const compared = await summariseRow({ ...request, prepared, identity: records, label: 'ours' }, bench.artefacts);
    // Five prompts have an image without a score, and one has an image that failed.
    expect(compared.row.gains.map(({ prompts }) => prompts)).toEqual([24, 24]);
    expect(compared.warnings.join('\n')).toContain(
      'ours: the scorer "other" failed on 9 of 59 images; its means are over the other 50, and gains over the 24 of 30 prompts that are complete.',
    );
    expect(compared.warnings.join('\n')).toContain('ours: 6 of 30 prompts lack an image or a score.');
  });

  test('can be stopped between distances, and works if they cannot be kept', async () => {
    const { record } = await bench.render(jobOf(pairsOf(30)));
    const other = await bench.render(jobOf(pairsOf(30).reverse(), { network: 'other' }));
    const request = { ...requestOf([record], 30), full: [other.record] };
    let checkpoints = 0;
    const stop = async () => {
      checkpoints += 1;
      if (checkpoints === 2) throw new Error('enough');
    };
    await expect(summariseRow(request, bench.artefacts, stop)).rejects.toThrow('enough');
    const full: ArtefactStore = {
      ...bench.artefacts,
      put: () => {
        throw new Error('the disk is full');
      },
    };
    expect((await summariseRow(request, full)).row.kid).toEqual(expect.any(Number));
  });

  test('of a schedule that was chosen on these prompts recommends nothing', async () => {
    const own = await bench.render(jobOf(pairsOf(30)));
    const other = await bench.render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = { ...requestOf([other.record], 30), label: 'q-sched', identity: [own.record] };
    expect((await summariseRow(request, bench.artefacts)).row.recommend).toBe('calibrated');
    const seen = await summariseRow(
      { ...request, schedule: { ...request.schedule, source: 'a search', seen: 1 } },
      bench.artefacts,
    );
    expect(seen.row).toMatchObject({ recommend: 'none', gains: [{ prompts: 30 }] });
  });
});

describe('pairwise scores of a row', () => {
  /** Five prompts with two seeds: the score of pair i is i, and pair 3 has none. */
  const keep = (values = Float64Array.from({ length: 10 }, (_, i) => (i === 3 ? NaN : i))): string => {
    const images = Array.from({ length: 10 }, () => 'a'.repeat(64));
    const failed = [{ at: 3, reason: 'lpips is not finite' }];
    return bench.artefacts.put(
      encodePairs({ scores: ['lpips'], reference: images, candidate: images, failed, values }),
    );
  };

  test('are means over the pairs that have one, with their records; the others are told', async () => {
    const { record } = await bench.render(jobOf(pairsOf(5)));
    const pairs = keep();
    const request = { ...requestOf([record], 5), pairwise: { scores: ['lpips'], records: [pairs] } };
    const { row, warnings } = await summariseRow(request, bench.artefacts);
    // Each prompt counts once: (.5 + 2 + 4.5 + 6.5 + 8.5) / 5.
    expect(row.pairwise!['lpips']!.mean).toBeCloseTo(4.4, 12);
    expect(row.pairwise!['lpips']!.low).toBeLessThan(4.4);
    expect(row.pairs).toEqual([pairs]);
    expect(warnings.join('\n')).toContain(
      '1 of 10 pairs have no lpips (lpips is not finite); its mean is over the others.',
    );
  });

  test('whose record is gone are missing, and a row without them has no such field', async () => {
    const { record } = await bench.render(jobOf(pairsOf(5)));
    const gone = 'b'.repeat(64);
    const request = { ...requestOf([record], 5), pairwise: { scores: ['lpips'], records: [gone] } };
    expect((await summariseRow(request, bench.artefacts)).missing).toEqual([gone]);
    expect((await summariseRow(requestOf([record], 5), bench.artefacts)).row).not.toHaveProperty('pairwise');
  });
});
