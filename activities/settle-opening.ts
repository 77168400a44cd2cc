/**
 * What is settled when a search is opened first: the earlier search that it starts from.
 */
import { checkPrior, checkPriorStored, findPrior, likelyPriors } from '../db/find-prior.js';
import type { Store } from '../db/open-store.js';
import { refuseSeen } from '../db/refuse-prior.js';
import { heldOpening } from '../db/searches.js';
import type { Opening } from '../contract/opening.js';
import type { CheckRequest, OpenRequest } from '../contract/payloads.js';
import { modelsSurface } from '../contract/spec-defaults.js';
import type { NetworkDescription } from '../contract/wire/describe.js';
import { coefficientSpace } from '../diffusion/coefficients.js';
import { listModels } from '../inference/models/model-roots.js';
import { textsHere } from '../inference/prompts/prompt-sets.js';
import { settleSearchHere } from '../planning/settle.js';

type Network = Pick<NetworkDescription, 'referencePrecision'>;

/**
 * Refuses a named prior before a worker is waited for, as far as this machine knows the model.
 *
 * @throws QschedError (usage)
 */
export function checkPriorEarly(store: Store, { searchId, spec, input }: CheckRequest): void {
  if (!listModels().includes(spec.model)) {
    checkPriorStored(store, searchId, spec);
    return;
  }
  const settled = settleSearchHere(input);
  checkPrior(store, { searchId, spec: settled, confirm: textsHere(settled.confirm, 'confirm') });
}

/**
 * The request with its opening complete. A search that was opened before keeps what was settled then, also if the prior
 * has changed or is gone since.
 *
 * @throws QschedError (usage) for a prior that is named and cannot be used, and for held-out prompts that it was chosen with
 */
export function settleOpening(store: Store, request: OpenRequest, network: Network): OpenRequest {
  const { searchId, spec, opening, objective, texts } = request;
  const held = heldOpening(store, searchId);
  if (held !== null) {
    if (held.prior !== null) refuseSeen(store, searchId, held.prior.searchId, texts.confirm);
    return request;
  }
  const { shape, tune, range } = spec.coefficients;
  const { dimension, lower, upper } = coefficientSpace({ shape, tune, range, steps: spec.scheduler.steps });
  const prior = findPrior(store, {
    searchId,
    spec,
    objective,
    dimension,
    confirm: texts.confirm,
    fullPrecision: network.referencePrecision,
  });
  if (prior === null) return request;
  const best = prior.points[0]!.point.map((x, i) => Math.min(upper[i]!, Math.max(lower[i]!, x)));
  const firstAsks: Opening['firstAsks'] = [{ point: best, from: 'prior' }, ...opening.firstAsks];
  return { ...request, opening: { ...opening, prior, firstAsks } };
}

/** Which search this one starts from; or which one it could have started from. */
export function priorNotes(store: Store, request: OpenRequest, { prior }: Opening, network: Network): string[] {
  if (prior !== null) {
    return [
      `It started from the search "${prior.searchId}" (${prior.network}): the model of the surface knew ${prior.points.length} of its points, and its finalist was the first candidate here.`,
    ];
  }
  const { searchId, spec, texts } = request;
  if (spec.prior !== 'none') return [];
  const fullPrecision = network.referencePrecision;
  const [likely] = likelyPriors(store, { searchId, spec, confirm: texts.confirm, fullPrecision });
  if (likely === undefined) return [];
  const optimizer = modelsSurface(spec.optimizer.type) ? '' : '--optimizer auto ';
  return [
    `The same model was searched at ${likely.spec.precision}, and coefficients that are good at one precision are good at another. To start from that search: ${optimizer}--prior ${likely.id}`,
  ];
}
