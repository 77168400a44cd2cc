/** Searches with known terms in a store, for commands that rank them. */
import { closeSearch, openSearch } from '../../db/searches.js';
import type { Store } from '../../db/open-store.js';
import { askTrials, recordTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { encodeFloats } from '../../contract/float-text.js';
import { plainOpening } from '../../contract/opening.js';
import type { BatchReference } from '../../contract/payloads.js';
import type { SearchResult } from '../../contract/search-result.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseSearchSpec } from '../../contract/validate.js';

/** Text, quality and noisiness of a candidate; null fails it. */
export type Candidate = readonly [text: number, quality: number, noisiness: number] | null;

export interface Making {
  readonly candidates?: readonly Candidate[];
  readonly spec?: Record<string, unknown>;
  readonly provenance?: Record<string, unknown>;
  readonly finished?: boolean;
  /** Trials that are asked but not scored. */
  readonly open?: number;
  readonly names?: readonly string[];
}

export const PROVENANCE = {
  files: { 'unet.onnx': 'a' },
  precision: 'w4a8',
  schedule: { steps: 4 },
  scorer: { name: 'clip', version: 3, files: { 'model.onnx': 'b' } },
  numeric: { provider: 'cpu', batch: 20 },
};
export const NAMES = ['cosine', 'clip-iqa.quality', 'clip-iqa.noisiness'];

/**
 * By k: #1 (1, 0.1), #2 (0.5, 0.5), #3 (0, 0.75): #1 wins to k = 1.25, #2 to k = 2, #3 above; #4 is
 * beaten in both by #2. The baseline is (0.25, 0.25).
 */
const KNOWN: readonly Candidate[] = [
  [0.25, 0.25, 0.5],
  [1, 0.1, 0.2],
  [0.5, 0.5, 0.9],
  [0, 0.75, 0.1],
  [0.4, 0.45, 0.3],
  null,
];

export function makeKnownSearch(
  store: Store,
  id: string,
  {
    candidates = KNOWN,
    spec: more = {},
    provenance = PROVENANCE,
    finished = true,
    open = 0,
    names = NAMES,
  }: Making = {},
): void {
  const texts = { calibration: ['a', 'b'], select: ['c', 'd'], confirm: ['e', 'f'] };
  const spec = parseSearchSpec({
    model: 'm',
    prompts: { texts: texts.calibration, seeds: [0, 1] },
    select: { texts: texts.select },
    confirm: { texts: texts.confirm },
    ...more,
  });
  const calibration = spec.prompts.texts!;
  const objective = planObjective(objectiveAt(spec.objective, undefined));
  const split = (of: readonly string[], seeds: readonly number[]) => ({
    set: null,
    texts: of,
    count: of.length,
    sha256: '',
    nounsSha256: null,
    seeds,
  });
  const context = `${id}-context`;
  openSearch(store, {
    searchId: id,
    spec,
    opening: plainOpening(spec.optimizer.budget),
    objective,
    contexts: [{ id: context, model: 'm', precision: spec.precision, scorer: 'objective', provenance }],
    splits: {
      calibration: split(calibration, spec.prompts.seeds),
      select: split(texts.select, [500]),
      confirm: split(texts.confirm, [1000]),
    },
    texts: { ...texts, calibration },
    nouns: null,
  });
  const batch: BatchReference = {
    searchId: id,
    stage: 'calibration',
    contexts: { objective: context },
    split: 'calibration',
    seeds: spec.prompts.seeds,
    objective,
  };
  const images = calibration.length * spec.prompts.seeds.length;
  const trials = [...candidates, ...Array.from({ length: open }, () => null)].map((_, index) => ({
    index,
    point: [index],
    coefficients: { sample: [1 + index / 64, 1], noise: [1, 1 - index / 64] },
  }));
  askTrials(store, { ...batch, trials, retryFailed: false });
  const evaluations = Array.from({ length: images }, (_, i) => i);
  recordTrials(store, {
    ...batch,
    names: { objective: names },
    trials: candidates.map((candidate, index) => ({
      index,
      coefficients: trials[index]!.coefficients,
      evaluations,
      failed: candidate === null ? [{ at: 0, reason: 'the image is not finite' }] : [],
      // CLIPScore of Hessel et al. is 2.5 cos.
      scorers: [
        {
          scorer: 'objective',
          values: encodeFloats(
            Float64Array.from(
              evaluations.flatMap(() => {
                const [text, quality, noisiness] = candidate ?? [0, 0, 0];
                return [text / 2.5, quality, noisiness].slice(0, names.length);
              }),
            ),
          ),
        },
      ],
    })),
  });
  if (finished) {
    closeSearch(store, id, {
      status: 'finished',
      result: { heldOut: { recommend: 'none' } } as unknown as SearchResult,
    });
  }
}
