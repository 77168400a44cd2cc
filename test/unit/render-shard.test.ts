/** Shards of an evaluation with a counted engine: nothing is made twice, and what is damaged is made again. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { decodeTable, encodeTable } from '../../artefacts/artefact-formats.js';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import {
  renderShard,
  type RenderJob,
  type RenderTools,
  type ShardRecord,
} from '../../inference/engine/render-shard.js';
import type { Pair, ScoringEngine } from '../../inference/engine/scoring-engine.js';
import { summariseRow } from '../../inference/engine/summarise-row.js';
import { BLOCK, type SummariseRequest } from '../../contract/evaluate-payloads.js';

const BATCH = 4;
const SEEDS = [1, 2];

let folder: string;
let artefacts: ArtefactStore;
let counts: { opened: number; drawn: string[]; scored: number; featured: number };
/** Images that fail. */
let broken: Set<string>;
/** Prompts whose images the scorer has no number for. */
let unscored: Set<number>;
/** Prompts whose images have a feature that is not finite. */
let featureless: Set<number>;
/** Network batches after which the engine breaks down. */
let batches: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-render-'));
  artefacts = openArtefactFolder(folder);
  counts = { opened: 0, drawn: [], scored: 0, featured: 0 };
  broken = new Set();
  unscored = new Set();
  featureless = new Set();
  batches = Infinity;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const nameOf = ({ text, seed }: Pair): string => `${text}/${seed}`;

/** An image's first byte is the number in its prompt, its second the seed: scores are read off them. */
function fakeEngine(): ScoringEngine {
  const score = { role: 'objective', names: ['cosine', 'clip-iqa.quality'] };
  return {
    scorers: [
      {
        ...score,
        score: async (images) => {
          counts.scored += images.length;
          return images.map(({ image: { data } }) =>
            Float64Array.of(unscored.has(data[0]!) ? NaN : data[0]! / 100, data[1]! / 10),
          );
        },
        features: async (images) => {
          counts.featured += images.length;
          return images.map(({ data }) => Float32Array.of(data[0]!, featureless.has(data[0]!) ? Infinity : data[1]!));
        },
        release: async () => undefined,
      },
    ],
    async generate(candidates, pairs) {
      if (batches === 0) throw new Error('the engine broke down');
      batches -= 1;
      return candidates.map(({ pairs: wanted }) =>
        wanted.map((at) => {
          const pair = pairs[at]!;
          counts.drawn.push(nameOf(pair));
          return broken.has(nameOf(pair))
            ? { failed: 'the latent has 1 values that are not finite' }
            : { width: 1, height: 1, data: Uint8Array.of(Number(pair.text), pair.seed, 0) };
        }),
      );
    },
    score: async () => {
      throw new Error('images are drawn first');
    },
    release: async () => undefined,
  };
}

const pairsOf = (prompts: number): Pair[] =>
  Array.from({ length: prompts }, (_, p) => SEEDS.map((seed) => ({ text: String(p), seed, nouns: null }))).flat();

function jobOf(pairs: readonly Pair[], own: Partial<RenderJob> = {}): RenderJob {
  return {
    identity: { model: 'm', precision: 'p', scorers: ['objective'] },
    network: 'network',
    schedule: {
      scheduler: 'tcd',
      initNoiseSigma: 1,
      steps: [{ timestep: 999, inputScale: 1, a: 0, b: 1, d: 0, n: 0 }],
    },
    pairs,
    scorers: [{ role: 'objective', fingerprint: 'clip', names: ['cosine', 'clip-iqa.quality'] }],
    features: { role: 'objective', fingerprint: 'clip' },
    retryFailed: false,
    ...own,
  };
}

const tools = (own: Partial<RenderTools> = {}): RenderTools => ({
  artefacts,
  openEngine: async () => {
    counts.opened += 1;
    return fakeEngine();
  },
  batch: BATCH,
  refuseOther: async () => undefined,
  ...own,
});
const render = (job: RenderJob, own: Partial<RenderTools> = {}) => renderShard(job, tools(own));
const recordOf = (hash: string) => JSON.parse(Buffer.from(artefacts.get(hash)!).toString('utf8')) as ShardRecord;
const objects = (): string[] =>
  readdirSync(join(folder, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('a shard', () => {
  test('is drawn in network batches, scored, and kept', async () => {
    const made = await render(jobOf(pairsOf(5)));
    expect(made).toMatchObject({ drawn: 10, reused: 0, failed: [], damaged: 0 });
    expect(counts).toMatchObject({ drawn: pairsOf(5).map(nameOf), scored: 10, featured: 10 });
    const {
      blocks: [block],
    } = recordOf(made.record);
    expect(block!.images).toHaveLength(10);
    const terms = decodeTable(artefacts.get(block!.terms[0]!.hash)!)!;
    expect(terms).toMatchObject({ rows: 10, columns: 2 });
    expect(Array.from(terms.values.subarray(4, 8))).toEqual([0.01, 0.1, 0.01, 0.2]);
    expect(Array.from(decodeTable(artefacts.get(block!.features!)!)!.values.subarray(18))).toEqual([4, 2]);
  });

  test('a second time is found: no engine is opened', async () => {
    const first = await render(jobOf(pairsOf(5)));
    counts.opened = 0;
    expect(await render(jobOf(pairsOf(5)))).toEqual({ ...first, drawn: 0, reused: 10 });
    expect(counts).toMatchObject({ opened: 0, scored: 10, featured: 10 });
  });

  test('with another scorer draws nothing, and scores the images that are kept', async () => {
    await render(jobOf(pairsOf(5)));
    const made = await render(
      jobOf(pairsOf(5), {
        scorers: [{ role: 'objective', fingerprint: 'another version', names: ['cosine', 'clip-iqa.quality'] }],
      }),
    );
    expect(made).toMatchObject({ drawn: 0, reused: 10 });
    expect(counts).toMatchObject({ scored: 20, featured: 10 });
    expect(counts.drawn).toHaveLength(10);
  });

  test.each([
    ['network', { network: 'other' }],
    ['schedule', { schedule: { ...jobOf([]).schedule, initNoiseSigma: 2 } }],
  ])('of another %s is drawn anew', async (_, own) => {
    await render(jobOf(pairsOf(2)));
    expect(await render(jobOf(pairsOf(2), own))).toMatchObject({ drawn: 4, reused: 0 });
  });

  test('that grows draws the new images alone, and keeps the numbers of whole blocks', async () => {
    await render(jobOf(pairsOf(BLOCK)));
    expect(counts.scored).toBe(2 * BLOCK);
    const made = await render(jobOf(pairsOf(BLOCK + 5)));
    expect(made).toMatchObject({ drawn: 10, reused: 2 * BLOCK });
    expect(counts.scored).toBe(2 * BLOCK + 10);
  });

  test('that breaks down in the middle keeps every batch that was done, and continues from there', async () => {
    batches = 2;
    await expect(render(jobOf(pairsOf(10)))).rejects.toThrow('the engine broke down');
    expect(counts.drawn).toHaveLength(2 * BATCH);
    batches = Infinity;
    expect(await render(jobOf(pairsOf(10)))).toMatchObject({ drawn: 20 - 2 * BATCH, reused: 2 * BATCH });
    expect(new Set(counts.drawn).size).toBe(20);
    expect(counts.drawn).toHaveLength(20);
  });
});

describe('an image that failed', () => {
  test('is kept as a failure, has no numbers, and is not drawn again', async () => {
    broken.add('1/2');
    const first = await render(jobOf(pairsOf(3)));
    expect(first.failed).toEqual([{ reason: 'the latent has 1 values that are not finite', count: 1 }]);
    const {
      blocks: [block],
    } = recordOf(first.record);
    expect(block!.failed).toEqual([{ at: 3, reason: 'the latent has 1 values that are not finite' }]);
    const terms = decodeTable(artefacts.get(block!.terms[0]!.hash)!)!;
    expect(Array.from(terms.values.subarray(4, 10))).toEqual([0.01, 0.1, NaN, NaN, 0.02, 0.1]);
    expect(await render(jobOf(pairsOf(3)))).toEqual({ ...first, drawn: 0, reused: 6 });
  });

  test('is drawn again where that is asked for, alone', async () => {
    broken.add('1/2');
    await render(jobOf(pairsOf(BLOCK)));
    broken.clear();
    Object.assign(counts, { drawn: [], scored: 0, featured: 0 });
    const made = await render(jobOf(pairsOf(BLOCK), { retryFailed: true }));
    expect(made).toMatchObject({ drawn: 1, reused: 2 * BLOCK - 1, failed: [] });
    expect(counts).toMatchObject({ drawn: ['1/2'], scored: BLOCK, featured: BLOCK });
    expect(await render(jobOf(pairsOf(BLOCK)))).toEqual({ ...made, drawn: 0, reused: 2 * BLOCK });
  });

  test('a score that was no number is asked for again where that is wanted, and no image is drawn', async () => {
    unscored.add(1);
    await render(jobOf(pairsOf(3)));
    unscored.clear();
    Object.assign(counts, { drawn: [], scored: 0, featured: 0 });
    await render(jobOf(pairsOf(3)));
    expect(counts).toMatchObject({ drawn: [], scored: 0 });
    const made = await render(jobOf(pairsOf(3), { retryFailed: true }));
    expect(counts).toMatchObject({ drawn: [], scored: 6, featured: 0 });
    expect(
      Array.from(decodeTable(artefacts.get(recordOf(made.record).blocks[0]!.terms[0]!.hash)!)!.values.subarray(4, 8)),
    ).toEqual([0.01, 0.1, 0.01, 0.2]);
  });

  test('may be every one of them', async () => {
    for (const pair of pairsOf(2)) broken.add(nameOf(pair));
    const made = await render(jobOf(pairsOf(2)));
    expect(made.failed).toEqual([{ reason: 'the latent has 1 values that are not finite', count: 4 }]);
    const summary = await summariseRow(requestOf([made.record], 2), artefacts);
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
});

describe('damage', () => {
  test('of any object is noticed: it is made again, and nothing else', async () => {
    const first = await render(jobOf(pairsOf(5)));
    const paths = objects();
    expect(paths).toHaveLength(10 + 2 + 1);
    for (const path of paths) {
      writeFileSync(path, 'damaged');
      const before = counts.drawn.length;
      const again = await render(jobOf(pairsOf(5)));
      expect(again.record).toBe(first.record);
      // The record itself is written, not read.
      expect(again.damaged).toBe(path.endsWith(first.record) ? 0 : 1);
      expect(counts.drawn.length - before).toBe(again.drawn);
      expect(again.drawn).toBeLessThanOrEqual(1);
    }
    expect(counts.drawn).toHaveLength(20);
  });

  test('between drawing and summing up is named by its record', async () => {
    const { record } = await render(jobOf(pairsOf(5)));
    expect((await summariseRow(requestOf([record], 5), artefacts)).missing).toEqual([]);
    const {
      blocks: [block],
    } = recordOf(record);
    for (const hash of [block!.terms[0]!.hash, block!.features!, record]) {
      writeFileSync(join(folder, 'objects', hash.slice(0, 2), hash), 'damaged');
      expect((await summariseRow(requestOf([record], 5), artefacts)).missing).toEqual([record]);
      expect((await render(jobOf(pairsOf(5)))).record).toBe(record);
      expect((await summariseRow(requestOf([record], 5), artefacts)).missing).toEqual([]);
    }
  });
});

/** Asks for a row of the bundled model, whose reference features are of another scorer. */
function requestOf(records: readonly string[], prompts: number): SummariseRequest {
  const scorer = {
    role: 'objective',
    name: 'no-reference',
    kind: 'clip',
    names: ['cosine', 'clip-iqa.quality'],
    fingerprint: 'clip',
  };
  return {
    prepared: {
      model: 'shapes',
      precision: 'w4a8',
      scheduler: { type: 'tcd', steps: 1, eta: 0 },
      scoreQueue: 'q',
      network: 'network',
      numeric: '',
      notes: [],
      scorers: [scorer],
      features: scorer,
      objective: planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' }),
      objectiveScorer: 'objective',
      outside: [],
    },
    schedule: { coefficients: { sample: [1], noise: [1] }, source: null },
    label: 'identity',
    promptCount: prompts,
    seedCount: SEEDS.length,
    records,
    identity: null,
    full: null,
  };
}

describe('a summary', () => {
  test('of one row is that of its images, and says what it lacks', async () => {
    const { record } = await render(jobOf(pairsOf(5)));
    const { row, warnings, pValue } = await summariseRow(requestOf([record], 5), artefacts);
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
      /no reference features: no FID\. It wants the file reference\/no-reference\.json .*tools\/feature_statistics\.py/,
    );
  });

  test('over shards in two is that over one', async () => {
    const whole = await render(jobOf(pairsOf(6)));
    const halves = [await render(jobOf(pairsOf(6).slice(0, 6))), await render(jobOf(pairsOf(6).slice(6)))];
    expect(
      await summariseRow(
        requestOf(
          halves.map(({ record }) => record),
          6,
        ),
        artefacts,
      ),
    ).toEqual(await summariseRow(requestOf([whole.record], 6), artefacts));
  });

  test('compares with the identity and with full precision', async () => {
    const own = await render(jobOf(pairsOf(30)));
    const other = await render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = requestOf([other.record], 30);
    const { row, pValue } = await summariseRow(
      { ...request, label: 'q-sched', identity: [own.record], full: [own.record] },
      artefacts,
    );
    expect(row.gains).toHaveLength(1);
    expect(row.gains[0]!.gain).toBeCloseTo(2.5 * 0.07, 12);
    expect(row.recommend).toBe('calibrated');
    expect(pValue).toBeLessThan(0.001);
    // Shifted by 7 in one feature, equal spread: the distance is 49.
    expect(row.fidSd).toBeCloseTo(49, 6);
  });

  test('leaves images with broken features out of distances, says so, and can make them again', async () => {
    const full = await render(
      jobOf(pairsOf(30), { network: 'full', features: { role: 'objective', fingerprint: 'full' } }),
    );
    featureless.add(3);
    const own = await render(jobOf(pairsOf(30)));
    const { row, warnings } = await summariseRow({ ...requestOf([own.record], 30), full: [full.record] }, artefacts);
    expect(row).toMatchObject({ images: 60, failed: 0 });
    expect(row.fidSd).toBeCloseTo(0, 9);
    expect(warnings.join()).toMatch(
      /features of 2 of 60 images are not finite; distances leave them out\. .*--retry-failed/,
    );
    featureless.clear();
    Object.assign(counts, { featured: 0, scored: 0, drawn: [] });
    const again = await render(jobOf(pairsOf(30), { retryFailed: true }));
    expect(counts).toMatchObject({ featured: 60, scored: 0, drawn: [] });
    expect(
      (await summariseRow({ ...requestOf([again.record], 30), full: [full.record] }, artefacts)).warnings.join(),
    ).not.toContain('not finite');
  });

  test('finds distances that were computed before, and makes a damaged one again', async () => {
    const own = await render(jobOf(pairsOf(30)));
    const other = await render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = { ...requestOf([other.record], 30), full: [own.record] };
    const before = new Set(objects());
    const first = await summariseRow(request, artefacts);
    // The distance to full precision, and KID.
    const kept = objects().filter((path) => !before.has(path));
    expect(kept).toHaveLength(2);
    const puts: string[] = [];
    const watched: ArtefactStore = {
      ...artefacts,
      put: (bytes) => {
        puts.push('put');
        return artefacts.put(bytes);
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
    const shard = recordOf(record);
    let left = unscoredImages;
    const blocks = shard.blocks.map((block) => {
      const { values } = decodeTable(artefacts.get(block.terms[0]!.hash)!)!;
      const beauty = Float64Array.from(block.images, (_, i) => values[2 * i]!);
      for (let i = 0; i < block.images.length && left > 0; i += 1, left -= 1) beauty[i] = NaN;
      const hash = artefacts.put(encodeTable({ rows: beauty.length, columns: 1, values: beauty }));
      return { ...block, terms: [...block.terms, { scorer: 'other', hash }] };
    });
    return artefacts.put(Buffer.from(JSON.stringify({ ...shard, blocks })));
  }

  test('counts the images of the objective, and says what another scorer gave no number for', async () => {
    broken.add('29/2');
    const own = await render(jobOf(pairsOf(30)));
    const identity = await render(jobOf(pairsOf(30), { network: 'identity' }));
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
      outside: [{ scorer: 'other', plan: other }],
    };
    const alone = await summariseRow({ ...request, prepared }, artefacts);
    expect(alone.row).toMatchObject({ images: 59, failed: 1 });
    // cosine p / 100 and quality .1 or .2, but for the image that failed.
    const cosine = (2 * 435 - 29) / 100 / 59;
    expect(alone.row.objective).toBeCloseTo(2.5 * cosine + 2 * ((30 * 0.1 + 29 * 0.2) / 59), 12);
    expect(alone.row.clipScore).toBeCloseTo(100 * cosine, 12);
    const about = 'shapes w4a8, 1 step, identity: ';
    expect(alone.warnings.filter((warning) => warning.startsWith(about))).toEqual([
      `${about}1 of 60 images failed (the latent has 1 values that are not finite); the objective's mean is over the others. To try them again: --retry-failed (retryFailed: true).`,
      `${about}the scorer "other" gave no number for 9 of 59 images; its means are over the other 50. To try them again: --retry-failed (retryFailed: true).`,
    ]);
    const records = [secondScorer(identity.record, 0)];
    const compared = await summariseRow({ ...request, prepared, identity: records, label: 'ours' }, artefacts);
    // Five prompts have an image without a score, one an image that failed.
    expect(compared.row.gains.map(({ prompts }) => prompts)).toEqual([24, 24]);
    expect(compared.warnings.join('\n')).toContain(
      'ours: the scorer "other" gave no number for 9 of 59 images; its means are over the other 50, gains over the 24 whole prompts of 30.',
    );
    expect(compared.warnings.join('\n')).toContain('ours: 6 of 30 prompts lack an image or a score.');
  });

  test('can be stopped between distances, and needs no room for them', async () => {
    const { record } = await render(jobOf(pairsOf(30)));
    const other = await render(jobOf(pairsOf(30).reverse(), { network: 'other' }));
    const request = { ...requestOf([record], 30), full: [other.record] };
    let breaths = 0;
    const stop = async () => {
      breaths += 1;
      if (breaths === 2) throw new Error('enough');
    };
    await expect(summariseRow(request, artefacts, stop)).rejects.toThrow('enough');
    const full: ArtefactStore = {
      ...artefacts,
      put: () => {
        throw new Error('the disk is full');
      },
    };
    expect((await summariseRow(request, full)).row.kid).toEqual(expect.any(Number));
  });

  test('of a schedule that was chosen on these prompts recommends nothing', async () => {
    const own = await render(jobOf(pairsOf(30)));
    const other = await render(
      jobOf(
        pairsOf(30).map((pair) => ({ ...pair, text: String(Number(pair.text) + 7) })),
        { network: 'other' },
      ),
    );
    const request = { ...requestOf([other.record], 30), label: 'q-sched', identity: [own.record] };
    expect((await summariseRow(request, artefacts)).row.recommend).toBe('calibrated');
    const seen = await summariseRow(
      { ...request, schedule: { ...request.schedule, source: 'a search', seen: 1 } },
      artefacts,
    );
    expect(seen.row).toMatchObject({ recommend: 'none', gains: [{ prompts: 30 }] });
  });
});

test('numbers of a scorer that has changed meanwhile are not kept', async () => {
  const asked: string[] = [];
  const refuseOther: RenderTools['refuseOther'] = async ({ role, fingerprint }) => {
    asked.push(`${role} ${fingerprint}`);
    throw new Error('the scorer has changed');
  };
  await expect(render(jobOf(pairsOf(2)), { refuseOther })).rejects.toThrow('the scorer has changed');
  expect(asked).toEqual(['objective clip']);
  await render(jobOf(pairsOf(2)));
  expect(counts).toMatchObject({ scored: 8, featured: 4 });
  expect(counts.drawn).toHaveLength(4);
});

test('features of a scorer without any are refused', async () => {
  const engine = fakeEngine();
  const bare = {
    ...engine,
    scorers: engine.scorers.map((scorer) => {
      const own = { ...scorer };
      delete own.features;
      return own;
    }),
  };
  await expect(render(jobOf(pairsOf(2)), { openEngine: async () => bare })).rejects.toThrow(
    'The scorer "objective" has no features',
  );
});
