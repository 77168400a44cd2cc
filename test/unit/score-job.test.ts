/** Score requests that keep their images: the same artefacts as those of an evaluation. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeImage } from '../../artefacts/artefact-formats.js';
import { decodeFloats } from '../../contract/float-text.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { scaleSchedule } from '../../inference/engine/apply-step.js';
import { scoreJob } from '../../inference/engine/score-job.js';
import { BATCH, jobOf, NAMES, nameOf, pairsOf, SCHEDULE, SEEDS, ShardBench } from './shard-bench.js';

let bench: ShardBench;
beforeEach(() => {
  bench = new ShardBench();
});
afterEach(() => {
  bench.remove();
});

const BASELINE = { sample: [1], noise: [1] };
/** A power of 2: the bytes of an image are those of the baseline's, halved. */
const FINALIST = { sample: [1], noise: [0.5] };

/** Scores prompts 0, 1, ... with every seed. */
const requestOf = (prompts: number, own: Partial<ScoreRequest> = {}): ScoreRequest => ({
  version: WIRE_VERSION,
  network: { model: 'm', precision: 'p', options: {}, network: 'network' },
  scorers: [{ role: 'objective', name: 'clip', names: NAMES, fingerprint: 'clip' }],
  schedule: SCHEDULE,
  prompts: Array.from({ length: prompts }, (_, p) => ({ text: String(p), nouns: null })),
  pairs: Array.from({ length: prompts }, (_, p) => SEEDS.map((seed): [number, number] => [p, seed])).flat(),
  candidates: [{ coefficients: BASELINE, pairs: null }],
  keepImages: true,
  ...own,
});
const score = (request: ScoreRequest) => scoreJob(request, bench.tools());
const valuesOf = ({ values }: ScoreResult['candidates'][number]): number[] => [...decodeFloats(values[0]!)];

describe('images', () => {
  test('are not kept by default', async () => {
    const { candidates } = await score(requestOf(2, { keepImages: false }));
    expect(candidates[0]!.images).toBeUndefined();
    expect(() => bench.objects()).toThrow('ENOENT');
  });

  test('are kept, named in order, and scored as those that are not kept', async () => {
    const kept = (await score(requestOf(3))).candidates[0]!;
    const images = kept.images!.map((hash) => decodeImage(bench.artefacts.get(hash)!));
    expect(images).toEqual(
      pairsOf(3).map(({ text, seed }) => ({ width: 1, height: 1, data: Uint8Array.of(Number(text), seed, 0) })),
    );
    const plain = (await score(requestOf(3, { keepImages: false }))).candidates[0]!;
    expect(kept).toEqual({ ...plain, images: kept.images });
    expect(valuesOf(kept).slice(0, 4)).toEqual([0, 0.1, 0, 0.2]);
  });

  test('are generated once: the second time no network is opened', async () => {
    const first = await score(requestOf(3));
    bench.recount();
    expect(await score(requestOf(3))).toEqual(first);
    expect(bench.counts).toMatchObject({ opened: 0, generated: [], scored: 6 });
  });

  test('are those that an evaluation renders, and the other way round', async () => {
    const candidates = [BASELINE, FINALIST].map((coefficients) => ({ coefficients, pairs: null }));
    const scored = (await score(requestOf(3, { candidates }))).candidates;
    bench.recount();
    for (const [k, coefficients] of [BASELINE, FINALIST].entries()) {
      const made = await bench.render(jobOf(pairsOf(3), { schedule: scaleSchedule(SCHEDULE, coefficients) }));
      expect(made).toMatchObject({ generated: 0, reused: 6 });
      expect(bench.blocksOf(made.record).flatMap(({ images }) => images)).toEqual(scored[k]!.images);
    }
    await bench.render(jobOf(pairsOf(5)));
    bench.recount();
    await score(requestOf(5));
    expect(bench.counts.opened).toBe(0);
  });

  test('of several candidates fill network calls together, and their first calls are made once', async () => {
    const half = BATCH / 2;
    const candidates = [BASELINE, FINALIST].map((coefficients) => ({ coefficients, pairs: null }));
    bench.calls = 1;
    await score(requestOf(half / SEEDS.length, { candidates }));
    expect(bench.calls).toBe(0);
    // One step: both candidates share the only call.
    expect(bench.counts.generated).toEqual(pairsOf(half / SEEDS.length).map(nameOf));
  });

  test('are kept up to the network call at which the engine broke down', async () => {
    bench.calls = 2;
    await expect(score(requestOf(10))).rejects.toThrow('the engine broke down');
    bench.calls = Infinity;
    await score(requestOf(10));
    expect(bench.counts.generated).toHaveLength(20);
    expect(new Set(bench.counts.generated).size).toBe(20);
  });

  test('are scored for the pairs that each candidate needs', async () => {
    const candidates = [
      { coefficients: BASELINE, pairs: [5, 0] },
      { coefficients: FINALIST, pairs: [1] },
    ];
    const [one, two] = (await score(requestOf(3, { candidates }))).candidates;
    expect(valuesOf(one!)).toEqual([0.02, 0.2, 0, 0.1]);
    expect(valuesOf(two!)).toEqual([0, 0.1]);
    expect([one!.images!.length, two!.images!.length]).toEqual([2, 1]);
  });
});

describe('an image that failed', () => {
  const REASON = 'the latent has 1 values that are not finite after step 1 of 1';

  test('has no numbers, a reason, and the artefact of its failure', async () => {
    bench.broken.add('1/2');
    const [one] = (await score(requestOf(2))).candidates;
    expect(one!.failed).toEqual([{ at: 3, reason: REASON }]);
    expect(valuesOf(one!).slice(4)).toEqual([0.01, 0.1, NaN, NaN]);
    expect(decodeImage(bench.artefacts.get(one!.images![3]!)!)).toEqual({ failed: REASON });
  });

  test('is tried again when it is asked for again', async () => {
    bench.broken.add('1/2');
    await score(requestOf(2));
    bench.broken.clear();
    bench.recount();
    const [one] = (await score(requestOf(2))).candidates;
    expect(one!.failed).toEqual([]);
    expect(bench.counts.generated).toEqual(['1/2']);
  });

  test('fails alone if one scorer has no number for it', async () => {
    bench.unscored.add(1);
    const [one] = (await score(requestOf(2))).candidates;
    const reason = 'the scorer "objective" gave cosine = NaN';
    expect(one!.failed).toEqual([2, 3].map((at) => ({ at, reason, scorer: 'objective' })));
    expect(valuesOf(one!)).toEqual([0, 0.1, 0, 0.2, NaN, NaN, NaN, NaN]);
  });
});

test.each<[string, Partial<ScoreRequest>, string]>([
  ['a pair without its prompt', { pairs: [[2, 0]] }, 'A pair names prompt 2, but the request has 2 prompts.'],
  [
    'a candidate without its pair',
    { candidates: [{ coefficients: BASELINE, pairs: [4] }] },
    'Candidate 0 names pair 4, but the request has 4 pairs.',
  ],
  [
    'coefficients of another schedule',
    { candidates: [{ coefficients: { sample: [1, 1], noise: [1, 1] }, pairs: null }] },
    'coefficients.sample has 2 numbers, but the schedule has 1 step.',
  ],
])('a request with %s is refused for good', async (_, own, message) => {
  await expect(score(requestOf(2, own))).rejects.toThrow(
    expect.objectContaining({ code: 'usage', final: true, message }),
  );
});
