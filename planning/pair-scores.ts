/**
 * Pairwise scores as a comparison asks for them, from what a worker described.
 */
import { hashOf } from '../artefacts/artefact-keys.js';
import { QschedError } from '../contract/errors.js';
import { pairScoreParts } from '../contract/pair-score.js';
import type { WirePairScore } from '../contract/wire/compare.js';
import type { NetworkFacts } from '../contract/wire/describe.js';
import { PAIR_SCORE_TABLE, pairScoreIdentity } from '../metrics/pairwise/pair-score-table.js';
import { requireScorer } from './scorers.js';

/**
 * Scores by their names, each once.
 *
 * @param names as `PairScoreChoice` has them
 * @param facts a description that asked for the scorers of these scores (`pairScorersAsked`)
 * @throws QschedError (usage): a scorer that is not there, or of another kind
 */
export const planPairScores = (names: readonly string[], facts: Pick<NetworkFacts, 'scorers'>): WirePairScore[] =>
  [...new Set(names)].map((name) => {
    const { score, scorer } = pairScoreParts(name);
    return { name, score, scorer, fingerprint: hashOf(pairScoreIdentity(score, provenanceOf(name, facts))) };
  });

function provenanceOf(name: string, facts: Pick<NetworkFacts, 'scorers'>) {
  const { score, scorer } = pairScoreParts(name);
  const { kinds } = PAIR_SCORE_TABLE[score];
  if (scorer === null || kinds === null) return null;
  const { kind, provenance } = requireScorer(facts, scorer);
  if (kinds.includes(kind)) return provenance;
  throw new QschedError(
    'usage',
    `The score "${name}" needs a scorer of the kind ${kinds.join(', ')}, but "${scorer}" is of the kind ${kind}.`,
    `Name another folder: ${score}@folder. \`npx qsched scores\` lists those that are here.`,
  );
}
