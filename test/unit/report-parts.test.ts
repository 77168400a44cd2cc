/** Parts of a report for any trials: they fit the schema, and leave nothing out that they promise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSearchSpec } from '../../contract/validate.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { createGenerator } from '../../optimizers/rng.js';
import { historyOf } from '../../report/data/history.js';
import { importancesOf } from '../../report/data/importances.js';
import { paretoOf } from '../../report/data/pareto.js';
import { shownPrompts } from '../../report/data/prompt-gains.js';
import { scaledToFit, charactersOf } from '../../report/data/scaled-images.js';
import { searchSurface } from '../../report/data/search-surface.js';
import type { ReportTrial } from '../../report/data/stored-trials.js';
import { slicesOf } from '../../report/data/surface.js';
import { searchDocument as schema } from '../../report/documents/search-document.js';
import { encodeImage } from '../../artefacts/artefact-formats.js';

const space = coefficientSpace({ shape: 'linear', tune: 'both', range: [0.8, 1.2], steps: 4 });
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

/** Calibration trials in any state; some points lie outside the range. */
const anyTrials: fc.Arbitrary<ReportTrial[]> = fc
  .array(
    fc.record({
      status: fc.constantFrom('asked', 'ok', 'failed', 'raced'),
      point: fc.array(fc.double({ min: 0.5, max: 1.5, noNaN: true }), { minLength: 4, maxLength: 4 }),
      score: number,
      terms: fc.option(fc.tuple(number, number)),
      pairs: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(({ status, point, score, terms, pairs }, i): ReportTrial => {
      const scored = status === 'ok' || status === 'raced';
      return {
        stage: 'calibration',
        number: i,
        status,
        coefficients: space.toCoefficients(point),
        point: i === 0 ? [] : point,
        score: scored ? score : null,
        tc: status === 'ok' ? (terms?.[0] ?? null) : null,
        iq: status === 'ok' ? (terms?.[1] ?? null) : null,
        at: '2026-01-01T00:00:00.000Z',
        pairs: status === 'raced' ? pairs : null,
      };
    }),
  );

describe('for any trials', () => {
  it('the history rises, and is of the schema', () => {
    fc.assert(
      fc.property(anyTrials, (trials) => {
        const history = schema.shape.trials.parse(historyOf(trials));
        expect(history).toHaveLength(trials.length);
        const bests = history.map(({ best }) => best ?? -Infinity);
        expect(bests.every((best, i) => i === 0 || best >= bests[i - 1]!)).toBe(true);
      }),
    );
  });

  it('surface and importances are of the schema, with finite numbers alone', () => {
    fc.assert(
      fc.property(anyTrials, (trials) => {
        const surface = searchSurface(space, trials, 40);
        const importances = schema.shape.importances.parse(importancesOf(surface));
        for (const { share } of importances ?? []) expect(share).toBeGreaterThanOrEqual(0);
        const centre = [1, 1, 1, 1];
        const slices = slicesOf(surface, { grid: false, centre, finalist: null, importances });
        schema.shape.surface.parse(slices);
        expect(slices?.slices.length ?? 6).toBe(6);
      }),
      { numRuns: 25 },
    );
  });

  it('no point of the front is dominated', () => {
    const spec = parseSearchSpec({ model: 'shapes' });
    fc.assert(
      fc.property(anyTrials, (trials) => {
        const pareto = schema.shape.pareto.parse(paretoOf(spec, { ...spec.objective, k: 2 }, trials, 1));
        const points = pareto?.points ?? [];
        for (const one of points.filter(({ front }) => front)) {
          const better = points.filter(({ tc, iq }) => tc >= one.tc && iq >= one.iq && (tc > one.tc || iq > one.iq));
          expect(better).toEqual([]);
        }
      }),
    );
  });
});

it('every shown prompt is another one, the worst first and the best last', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (gains, count) => {
      const rows = gains.map((gain, position) => ({ position, gain }));
      const shown = shownPrompts(rows, [], count);
      expect(shown).toHaveLength(Math.min(count, gains.length));
      expect(new Set(shown.map(({ position }) => position)).size).toBe(shown.length);
      const values = shown.map(({ gain }) => gain!);
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      if (count >= 3 && gains.length >= 3) {
        expect([values[0], values.at(-1)]).toEqual([Math.min(...gains), Math.max(...gains)]);
      }
    }),
  );
});

describe('images of a report', () => {
  const png = (side: number, seed: number) => {
    const { uniform } = createGenerator(seed);
    const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => 256 * uniform(i, 0, 0));
    return { type: 'image/png' as const, bytes: encodeImage({ width: side, height: side, data }) };
  };

  it('stay as they are where they fit', () => {
    const files = [png(16, 1), png(16, 2)];
    expect(scaledToFit(files, 1e6)).toEqual({ files, side: 16 });
  });

  it('are made smaller until all fit, all alike', () => {
    const files = [1, 2, 3, 4, 5].map((seed) => png(96, seed));
    const most = Math.round(charactersOf(files) / 4);
    const { files: small, side } = scaledToFit(files, most);
    expect(charactersOf(small)).toBeLessThanOrEqual(most);
    expect(side).toBeLessThan(96);
    expect(side).toBeGreaterThan(32);
    expect(new Set(small.map(({ type }) => type))).toEqual(new Set(['image/jpeg']));
    for (const { bytes } of small) expect(Array.from(bytes.slice(0, 3))).toEqual([0xff, 0xd8, 0xff]);
  });

  it('that are not images stay as they are', () => {
    const broken = { type: 'image/png' as const, bytes: new Uint8Array(100_000) };
    expect(scaledToFit([broken], 10).files).toEqual([broken]);
  });
});
