/**
 * `npx tsx bench/measure-surfaces.ts [NAME ...]`: generates and scores the images behind bench/data/: what is missing of all
 * surfaces, or everything of those that are named. The bundled model gives 150 to 500 images per second on one core.
 */
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parseSearchSpec } from '../contract/validate.js';
import type { Stage } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { toWireSchedule } from '../contract/wire/schedule.js';
import { coefficientSpace, type CoefficientSpace } from '../diffusion/coefficients.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import { scaleSchedule } from '../inference/engine/apply-step.js';
import { engineParts } from '../inference/engine/engine-parts.js';
import { scoreCandidates, type Evaluation } from '../inference/engine/score-images.js';
import { openModelFolder } from '../inference/models/model-folder.js';
import { createOptimizer } from '../optimizers/create.js';
import { searchPrompts } from '../planning/splits.js';
import { summits } from './surfaces/surface-search.js';
import { trueSurface } from './surfaces/true-surface.js';
import {
  fileOf,
  nameOf,
  readSurface,
  writeSurface,
  type MeasuredSurface,
  type MeasuredTerms,
} from './surfaces/surface-file.js';

/** Points of Sobol's sequence, beside the baseline and the corners of the box. */
const POINTS = 256;
/** Pairs that are generated together. */
const BLOCK = 8;
/** Then points where the interpolant is highest, so many at a time, at least so far from all others. */
const SUMMITS = 8;
const APART = 0.02;
/** The baseline, 16 corners, Sobol's points and four rounds of summits. */
const ALL_POINTS = 1 + 16 + POINTS + 4 * SUMMITS;
const RANGE: readonly [number, number] = [0.8, 1.2];

/** Calibration of all of them first: precision, steps, split. */
const MEASURED: readonly (readonly [string, number, Stage])[] = [
  ['w4a8', 2, 'calibration'],
  ['w4a8', 4, 'calibration'],
  ['w8a8', 4, 'calibration'],
  ['w4a8', 8, 'calibration'],
  ['fp32', 4, 'calibration'],
  ['w4a6', 4, 'calibration'],
  ['w4a8', 4, 'confirm'],
  ['w4a8', 4, 'select'],
  ['w8a8', 4, 'confirm'],
  ['w8a8', 4, 'select'],
];

const wanted = process.argv.slice(2);
setPriority(15);
for (const [precision, steps, stage] of MEASURED) {
  const spec = parseSearchSpec({ model: 'shapes', precision, scheduler: { type: 'tcd', steps } });
  if (wanted.length > 0 && !wanted.includes(nameOf(spec))) continue;
  const surface = startedSurface(spec);
  if (wanted.length > 0 || surface.splits[stage] === undefined) {
    writeSurface({ ...surface, splits: { ...surface.splits, [stage]: await measure(spec, stage, surface.points) } });
  }
  if (stage === 'calibration') await refine(spec);
}

/** Adds points where the interpolant is highest, so that its top is measured too. */
async function refine(spec: SearchSpec): Promise<void> {
  for (let surface = startedSurface(spec); surface.points.length < ALL_POINTS; surface = startedSurface(spec)) {
    const { calibration } = surface.splits;
    const points = summits(trueSurface(surface), SUMMITS, APART, surface.points);
    const added = await measure(spec, 'calibration', points);
    const cosine = Float32Array.from([...calibration!.cosine, ...added.cosine]);
    const quality = Float32Array.from([...calibration!.quality, ...added.quality]);
    const scores = points.map((point) => trueSurface(surface).score(point).toFixed(4));
    process.stderr.write(`${nameOf(spec)}: expected ${scores.join(' ')}\n`);
    writeSurface({
      ...surface,
      points: [...surface.points, ...points],
      splits: { calibration: { ...calibration!, cosine, quality } },
    });
    const found = trueSurface(startedSurface(spec));
    process.stderr.write(
      `${nameOf(spec)}: measured ${points.map((point) => found.score(point).toFixed(4)).join(' ')}\n`,
    );
  }
}

/** What is stored of a surface, or its points without any scores. */
function startedSurface(spec: SearchSpec): MeasuredSurface {
  if (existsSync(fileOf(spec))) return readSurface(nameOf(spec));
  const { model, precision, scheduler } = spec;
  const space = spaceOf(spec);
  const { lower, upper } = space;
  const sobol = createOptimizer('sobol', { space: { lower, upper }, seed: 0, budget: POINTS, batch: POINTS }).ask();
  const { shape, tune } = spec.coefficients;
  return {
    model,
    precision,
    scheduler,
    coefficients: { shape, tune, range: [...RANGE] },
    points: [lower.map(() => 1), ...cornersOf(space), ...sobol],
    splits: {},
  };
}

function spaceOf({ coefficients: { shape, tune }, scheduler: { steps } }: SearchSpec): CoefficientSpace {
  return coefficientSpace({ shape, tune, range: RANGE, steps });
}

/** Every corner of the box, so that an interpolant need not extrapolate. */
function cornersOf({ lower, upper }: CoefficientSpace): number[][] {
  return Array.from({ length: 2 ** lower.length }, (_, corner) =>
    lower.map((low, i) => ((corner >> i) & 1 ? upper[i]! : low)),
  );
}

async function measure(spec: SearchSpec, stage: Stage, points: MeasuredSurface['points']): Promise<MeasuredTerms> {
  const { model, precision, scheduler } = spec;
  const space = spaceOf(spec);
  const baseline = toWireSchedule(schedulerOf(openModelFolder(model, precision), scheduler).schedule());
  const schedules = points.map((point) => scaleSchedule(baseline, space.toCoefficients(point)));
  const parts = engineParts({ threads: 1 });
  const network = { model, precision, options: {} };
  const [generator, scorer] = [await parts.generator(network), await parts.scorer(network, 'objective')];
  const cosineAt = scorer.names.indexOf('cosine');
  const qualityAt = scorer.names.indexOf('clip-iqa.quality');
  const { splits, texts } = searchPrompts(spec);
  const { count, seeds, set } = splits[stage];
  const pairs = texts[stage].flatMap((text) => seeds.map((seed) => ({ text, seed })));
  const cosine = new Float32Array(points.length * pairs.length);
  const quality = new Float32Array(points.length * pairs.length);
  const started = Date.now();
  for (let from = 0; from < pairs.length; from += BLOCK) {
    const block = pairs.slice(from, from + BLOCK);
    const all = block.map((_, i) => i);
    const candidates = schedules.map((schedule) => ({ schedule, pairs: all }));
    const rows = await scoreCandidates(generator, [scorer], candidates, block);
    rows.forEach((row, point) => {
      row.forEach((evaluation, i) => {
        const terms = termsOf(evaluation);
        cosine[point * pairs.length + from + i] = terms[cosineAt]!;
        quality[point * pairs.length + from + i] = terms[qualityAt]!;
      });
    });
    const images = points.length * (from + block.length);
    const rate = images / ((Date.now() - started) / 1000);
    process.stderr.write(`${nameOf(spec)} ${stage}: ${images} images, ${rate.toFixed(0)} per second\n`);
  }
  return { set: set!, count, seeds, cosine, quality };
}

function termsOf(evaluation: Evaluation): Float64Array {
  if ('failed' in evaluation) throw new Error(evaluation.failed);
  const [terms] = evaluation.terms;
  if (terms === undefined || typeof terms === 'string') throw new Error(terms);
  return terms;
}
