/**
 * A block of work as a request to a worker, and its answer as rows for the store.
 */
import type { ScoredTrial } from '../../contract/payloads.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { WirePair, WirePrompt } from '../../contract/wire/network.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { Piece } from './work.js';

/** What a block is scored with. */
export interface BlockContext {
  readonly prepared: PreparedNetwork;
  /** Scorers that are wanted, by role. */
  readonly scorers: readonly string[];
  readonly prompts: readonly WirePrompt[];
  readonly seeds: readonly number[];
  readonly keepImages: boolean;
}

/** Prompts and pairs of some pairs of a split, counted from 0 within the request. */
export function promptsOf(
  pairs: readonly number[],
  { prompts, seeds }: Pick<BlockContext, 'prompts' | 'seeds'>,
): { prompts: WirePrompt[]; pairs: WirePair[] } {
  const used = [...new Set(pairs.map((pair) => Math.floor(pair / seeds.length)))];
  const at = new Map(used.map((prompt, i) => [prompt, i]));
  return {
    prompts: used.map((prompt) => prompts[prompt]!),
    pairs: pairs.map((pair) => [at.get(Math.floor(pair / seeds.length))!, seeds[pair % seeds.length]!]),
  };
}

/** The request for a block. */
export function blockRequest(pieces: readonly Piece[], context: BlockContext): ScoreRequest {
  const { prepared, scorers, keepImages } = context;
  const pairs = [...new Set(pieces.flatMap((piece) => piece.pairs))].sort((a, b) => a - b);
  const at = new Map(pairs.map((pair, i) => [pair, i]));
  return {
    version: WIRE_VERSION,
    network: prepared.wire,
    scorers: prepared.scorers
      .filter(({ role }) => scorers.includes(role))
      .map(({ role, name, names, fingerprint }) => ({ role, name, names: [...names], fingerprint })),
    schedule: prepared.schedule,
    ...promptsOf(pairs, context),
    candidates: pieces.map(({ trial: { coefficients }, pairs: own }) => ({
      coefficients: { sample: [...coefficients.sample], noise: [...coefficients.noise] },
      pairs: own.length === pairs.length ? null : own.map((pair) => at.get(pair)!),
    })),
    keepImages,
  };
}

/** Images of a block. */
export const imagesOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { pairs }) => sum + pairs.length, 0);

/** What a worker answered, trial by trial; its time is shared out by images. */
export function scoredTrials(pieces: readonly Piece[], result: ScoreResult): ScoredTrial[] {
  const images = imagesOf(pieces);
  return pieces.map(({ trial, pairs }, k) => {
    const { values, failed, images: kept } = result.candidates[k]!;
    const share = pairs.length / images;
    return {
      index: trial.index,
      coefficients: trial.coefficients,
      evaluations: pairs,
      scorers: result.scorers.map(({ scorer }, s) => ({ scorer, values: values[s]! })),
      failed: failed.map(({ at, reason, scorer }) => ({ at, reason, ...(scorer === undefined ? {} : { scorer }) })),
      work: {
        worker: result.worker,
        seconds: result.seconds * share,
        runtimeSeconds: result.runtimeSeconds * share,
        denoiserRows: result.denoiserRows * share,
        paddedRows: result.paddedRows * share,
      },
      ...(kept === undefined ? {} : { images: kept }),
    };
  });
}
