/**
 * Pairwise scores as specs name them: `psnr`, `ssim`, `lpips`, `dinov2`, `clip-image`; those that need a network take the
 * scorer that has it, by role or folder name, after an @.
 */
import { z } from 'zod';
import { PAIR_SCORE_NAMES, type PairScoreName } from './names.js';

/** Roles of the scorers, where a name says none; null for scores that need no scorer. */
const SCORERS: Readonly<Record<PairScoreName, string | null>> = {
  psnr: null,
  ssim: null,
  lpips: 'lpips',
  dinov2: 'dinov2',
  'clip-image': 'objective',
};

const SHAPE = /^(psnr|ssim|(?:lpips|dinov2|clip-image)(?:@[A-Za-z0-9][A-Za-z0-9._-]*)?)$/;

/** One of them. */
export const PairScoreChoice = z
  .string('must be the name of a pairwise score')
  .regex(
    SHAPE,
    `must be one of ${PAIR_SCORE_NAMES.join(', ')}; lpips, dinov2 and clip-image may name a scorer: lpips@folder`,
  );

/** A name's score, and the role of its scorer; null for a score that needs none. */
export function pairScoreParts(name: string): { readonly score: PairScoreName; readonly scorer: string | null } {
  const [score, at] = name.split('@') as [PairScoreName, string | undefined];
  return { score, scorer: at ?? SCORERS[score] };
}

/** Scorers that pairwise scores need, each once. */
export const pairScorersAsked = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap((name) => pairScoreParts(name).scorer ?? [])),
];
