/**
 * The score queue: `score`, `render`, `compare`, `fitPtqd` and `fitMatch` on the engine's thread. This thread only heartbeats.
 */
import { CompareRequest, type CompareResult } from '../contract/wire/compare.js';
import { FitMatchRequest, FitPtqdRequest, type FitMatchResult, type FitPtqdResult } from '../contract/wire/fit.js';
import { RenderRequest, type RenderResult } from '../contract/wire/render.js';
import { ScoreRequest, type ScoreResult } from '../contract/wire/score.js';
import { readRequest } from '../contract/wire/version.js';
import type { EngineClient } from '../inference/engine/engine-client.js';
import type { Arithmetic } from '../inference/fingerprint.js';
import { verifyNetwork, verifyPairScores } from '../inference/verify.js';
import { asActivity } from './failures.js';
import { watched, type Watch } from './watched.js';

/** What does the arithmetic: the engine's thread, or a simulation. */
export interface ScoreFunctions {
  score(request: ScoreRequest, watch: Watch): Promise<ScoreResult>;
  render(request: RenderRequest, watch: Watch): Promise<RenderResult>;
  compare(request: CompareRequest, watch: Watch): Promise<CompareResult>;
  fit(request: FitPtqdRequest, watch: Watch): Promise<FitPtqdResult>;
  match(request: FitMatchRequest, watch: Watch): Promise<FitMatchResult>;
}

/** Activities of a score queue. */
export const createScoreActivities = (functions: ScoreFunctions) => ({
  score: (request: ScoreRequest): Promise<ScoreResult> =>
    asActivity(() => watched(async (watch) => functions.score(readRequest(ScoreRequest, request, 'score'), watch))),
  render: (request: RenderRequest): Promise<RenderResult> =>
    asActivity(() => watched(async (watch) => functions.render(readRequest(RenderRequest, request, 'render'), watch))),
  compare: (request: CompareRequest): Promise<CompareResult> =>
    asActivity(() =>
      watched(async (watch) => functions.compare(readRequest(CompareRequest, request, 'compare'), watch)),
    ),
  fitPtqd: (request: FitPtqdRequest): Promise<FitPtqdResult> =>
    asActivity(() => watched(async (watch) => functions.fit(readRequest(FitPtqdRequest, request, 'fitPtqd'), watch))),
  fitMatch: (request: FitMatchRequest): Promise<FitMatchResult> =>
    asActivity(() =>
      watched(async (watch) => functions.match(readRequest(FitMatchRequest, request, 'fitMatch'), watch)),
    ),
});

/**
 * On the engine's thread. The files are looked at before and after: a scorer behind HTTP may have changed its version
 * meanwhile.
 */
export function onEngine(engine: EngineClient, arithmetic: Arithmetic): ScoreFunctions {
  const verified = async <T>(
    { network, scorers }: Pick<ScoreRequest, 'network' | 'scorers'>,
    body: () => Promise<T>,
  ): Promise<T> => {
    await verifyNetwork(network, scorers, arithmetic);
    const result = await body();
    await verifyNetwork(network, scorers, arithmetic);
    return result;
  };
  const bothVerified = <T>({ quantised, reference }: FitMatchRequest, body: () => Promise<T>): Promise<T> =>
    verified({ network: quantised, scorers: [] }, () => verified({ network: reference, scorers: [] }, body));
  return {
    score: (request, watch) => verified(request, () => engine.score(request, watch)),
    render: (request, watch) => {
      const { network, scorers, features } = request;
      const all = { network, scorers: [...scorers, ...(features === null ? [] : [features])] };
      return verified(all, () => engine.render(request, watch));
    },
    compare: async (request, watch) => {
      const { network, scores } = request;
      await verifyPairScores(network, scores, arithmetic);
      const result = await engine.compare(request, watch);
      await verifyPairScores(network, scores, arithmetic);
      return result;
    },
    fit: (request, watch) => bothVerified(request, () => engine.fit(request, watch)),
    match: (request, watch) => bothVerified(request, () => engine.match(request, watch)),
  };
}
