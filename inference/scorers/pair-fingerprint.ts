/**
 * Whether a pairwise score is computed here as it was when a run was prepared.
 */
import { hashOf } from '../../artefacts/artefact-keys.js';
import type { WirePairScore } from '../../contract/wire/compare.js';
import type { WireNetwork } from '../../contract/wire/network.js';
import { pairScoreIdentity } from '../../metrics/pairwise/pair-score-table.js';
import { openModelFolder } from '../models/model-folder.js';
import { NO_ROLES, openScorerFolder, scorerFingerprint } from './scorer-folder.js';

/** Compares its fingerprint with that of the files here. @param network by whose roles its scorer is found, if any */
export async function isSamePairScore(
  { score, scorer, fingerprint }: WirePairScore,
  network: Pick<WireNetwork, 'model' | 'precision'> | null,
): Promise<boolean> {
  return hashOf(pairScoreIdentity(score, scorer === null ? null : await provenance(scorer, network))) === fingerprint;
}

const provenance = (role: string, network: Pick<WireNetwork, 'model' | 'precision'> | null) =>
  scorerFingerprint(
    openScorerFolder(role, network === null ? NO_ROLES : openModelFolder(network.model, network.precision)),
  );
