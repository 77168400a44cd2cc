/** The request for one row of an evaluation. */
import type { SummariseRequest } from '../../contract/evaluate-payloads.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { NAMES, SEEDS } from './shard-bench.js';

/** Asks for a row of the bundled model, whose reference features are of another scorer. */
export function requestOf(records: readonly string[], prompts: number): SummariseRequest {
  const objective = planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' });
  const scorer = {
    role: 'objective',
    name: 'no-reference',
    kind: 'clip',
    names: NAMES,
    fingerprint: 'clip',
  };
  return {
    prepared: {
      model: 'shapes',
      precision: 'w4a8',
      scheduler: { type: 'tcd', steps: 1, eta: 0 },
      wire: { model: 'shapes', precision: 'w4a8', options: {}, network: '0'.repeat(64) },
      scoreQueue: 'q',
      batches: { text: 20, denoiser: 20, decoder: 20, scorer: 20 },
      numeric: '',
      schedule: { scheduler: 'tcd', initNoiseSigma: 1, steps: [] },
      reference: null,
      contexts: {},
      readsNouns: false,
      notes: [],
      scorers: [scorer],
      features: scorer,
      objective,
      judged: [{ scorer: 'objective', plan: objective }],
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
