/**
 * An evaluation, planned: every network of its rows, on one set of prompts.
 */
import { QschedError } from '../contract/errors.js';
import type { EvaluatePlan, PlanEvaluationRequest } from '../contract/evaluate-payloads.js';
import type { PreparedNetwork } from '../contract/prepared-network.js';
import type { WirePairScore } from '../contract/wire/compare.js';
import { resolveSplit } from '../inference/prompts/prompt-sets.js';
import { mostPrompts } from './most-prompts.js';
import { planNetwork } from './network.js';
import { planPairScores } from './pair-scores.js';
import { taggedNotes } from './tagged-nouns.js';

/** @throws QschedError: (usage) what does not fit; (failure) networks of two numeric classes or with different scorers */
export function planEvaluation({
  spec,
  descriptions,
  networks: wanted,
  gate = false,
  pairs = spec.pairwise ?? [],
}: PlanEvaluationRequest): EvaluatePlan {
  const { objective, scorers: beside, features } = spec;
  const { split, prompts } = resolveSplit(gate ? mostPrompts(spec.prompts) : spec.prompts, 'prompts');
  const networks = wanted.map(
    ({ of, scheduler }) => planNetwork(descriptions[of]!, { scheduler, objective, beside, features }).prepared,
  );
  if (!gate) refuseMixed(networks);
  refuseMixedScorers(networks);
  const pairScores = wanted.map(({ of }) => planPairScores(pairs, descriptions[of]!));
  if (!gate) refuseMixedPairs(networks, pairScores);
  const tagged = wanted.flatMap(({ of }, i) => taggedNotes(descriptions[of]!, networks[i]!.scorers, prompts));
  return {
    networks,
    split,
    notes: [...new Set([...networks.flatMap(({ notes }) => notes), ...tagged])],
    ...(pairs.length === 0 ? {} : { pairScores: pairScores[0]! }),
  };
}

/** Rows per call may differ: a network that quantises dynamically has one, its full-precision original more. */
const arithmeticOf = ({ numeric }: PreparedNetwork): string => numeric.replace(/, batch .*$/, '');

/** Rows are compared with each other: they need the same arithmetic. */
function refuseMixed(networks: readonly PreparedNetwork[]): void {
  const first = networks[0]!;
  const other = networks.find((one) => arithmeticOf(one) !== arithmeticOf(first));
  if (other === undefined) return;
  throw new QschedError(
    'failure',
    `The rows would mix arithmetic: ${first.model} ${first.precision} has ${first.numeric}; ${other.model} ${other.precision} has ${other.numeric}.`,
    'Serve all models of a table by workers of one kind: the same provider, onnxruntime and instruction set.',
    true,
  );
}

/** Under one name, rows need the same scorer. */
function refuseMixedScorers(networks: readonly PreparedNetwork[]): void {
  const first = networks[0]!;
  for (const other of networks) {
    const changed = other.scorers.find(({ role, fingerprint }) =>
      first.scorers.some((one) => one.role === role && one.fingerprint !== fingerprint),
    );
    if (changed === undefined) continue;
    throw new QschedError(
      'failure',
      `The rows would mix scorers: "${changed.role}" of ${other.model} (${changed.name}) has other files or another version than that of ${first.model}.`,
      'Give every model of a table the same scorers: name a scorer folder instead of a role.',
      true,
    );
  }
}

/** The same of pairwise scores: a role may lead to another scorer for another model. */
function refuseMixedPairs(networks: readonly PreparedNetwork[], scores: readonly (readonly WirePairScore[])[]): void {
  const first = scores[0]!;
  scores.forEach((own, i) => {
    const changed = own.find(({ fingerprint }, at) => fingerprint !== first[at]!.fingerprint);
    if (changed === undefined) return;
    throw new QschedError(
      'failure',
      `The rows would mix scorers: that of the pairwise score "${changed.name}" has other files or another version for ${networks[i]!.model} than for ${networks[0]!.model}.`,
      'Give every model of a table the same scorers: name a scorer folder instead of a role.',
      true,
    );
  });
}
