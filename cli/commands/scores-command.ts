/**
 * `qsched scores`: the scores that objectives and tables can use, the files that missing ones need, and every installed
 * scorer folder, your own scorers included.
 */
import { findModel } from '../../inference/models/model-roots.js';
import { ownSettings } from '../../inference/models/own-settings.js';
import { installedScorers, type InstalledScorer } from '../../inference/scorers/installed-scorers.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { usualScorers } from '../../inference/scorers/usual-scorers.js';
import { SCORE_TABLE, SET_SCORE_TABLE } from '../../metrics/scores/score-table.js';
import { PAIR_SCORE_TABLE } from '../../metrics/pairwise/pair-score-table.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { PAIR_SCORE_NAMES } from '../../contract/names.js';
import { pairScoreParts } from '../../contract/pair-score.js';
import type { Given } from '../input/flag.js';
import type { SCORES } from '../input/flags.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';

/** A score: where it comes from on this machine, or what it needs. */
interface Listed {
  readonly score: string;
  readonly judges: string;
  readonly better: string;
  readonly formula: string;
  readonly encoder: string;
  readonly reference: string;
  readonly installed: boolean;
  readonly folder: string | null;
  /** The missing files; null if it is installed. */
  readonly wants: string | null;
  /** How to make them. */
  readonly make: string | null;
}

/** Lists the scores; a model's qsched.json can name folders for them. @returns the exit code */
export function scoresCommand({ model = 'shapes', json }: Given<typeof SCORES> & GlobalOptions): number {
  const [objective, second] = usualScorers();
  const scorers = {
    ...(objective === undefined ? {} : { objective }),
    ...(second === undefined ? {} : { second }),
    ...ownSettings(findModel(model)).scorers,
  };
  const place = (scorer: string): Pick<Listed, 'installed' | 'folder' | 'wants' | 'make'> => {
    try {
      return { installed: true, folder: openScorerFolder(scorer, { scorers }).folder, wants: null, make: null };
    } catch (error) {
      return {
        installed: false,
        folder: null,
        wants: messageOf(error),
        make: error instanceof QschedError ? error.hint : null,
      };
    }
  };
  const scores: Listed[] = [
    ...Object.entries(SCORE_TABLE).map(
      ([score, { judges, direction: better, formula, encoder, reference, scorer }]) => ({
        score,
        judges,
        better,
        formula,
        encoder,
        reference,
        ...place(scorer ?? 'objective'),
      }),
    ),
    ...Object.entries(SET_SCORE_TABLE).map(([score, { direction: better, formula, features, reference }]) => ({
      score,
      judges: 'distance',
      better,
      formula,
      encoder: features,
      reference,
      ...place(features),
    })),
    ...PAIR_SCORE_NAMES.map((score) => {
      const { direction: better, formula, kinds, reference } = PAIR_SCORE_TABLE[score];
      const { scorer } = pairScoreParts(score);
      const own = scorer === null ? { installed: true, folder: null, wants: null, make: null } : place(scorer);
      return { score, judges: 'pair', better, formula, encoder: kinds?.join(', ') ?? 'none', reference, ...own };
    }),
  ];
  const installed = installedScorers();
  if (json) {
    printJson({ model, scores, scorers: installed });
    return 0;
  }
  print(
    textTable([
      ['score', 'judges', 'better', 'installed', 'formula'],
      ...scores.map((one) => [one.score, one.judges, one.better, one.installed ? 'yes' : 'no', one.formula]),
    ]),
  );
  print(
    `\n${textTable([['installed scorer', 'kind', 'scores (name them as score@scorer)'], ...installed.map(scorerRow)])}`,
  );
  const absent = new Map(scores.flatMap(({ wants, make }) => (wants === null ? [] : [[wants, make]])));
  for (const [wants, make] of absent) print(`\n${wants}\n  ${make ?? ''}`);
  print(`
CLIP scores use the objective's own scorer by default; name another one as in clip-iqa.quality@second.
--features chooses the scorer whose features are used for distances; published FID and KID use Inception's.
"pair" scores compare an image with the reference's image of the same prompt and seed (docs/pairwise.md).
"either" means that the better direction is a matter of taste: a weight can have any sign.
Your own scorers: docs/scorers.md`);
  return 0;
}

/** What a scorer without terms is for. */
const withoutTerms = (kind: string | null): string =>
  PAIR_SCORE_NAMES.some((score) => score === kind) ? `${kind}, of pairs of images` : 'features only';

/** A scorer's scores without its name; of the many CLIP-IQA pairs only their number. */
function scorerRow({ scorer, kind, scores, problem }: InstalledScorer): string[] {
  if (problem !== null) return [scorer, '-', `cannot be used: ${problem}`];
  const names = scores.map(({ score }) => score.slice(0, score.lastIndexOf('@')));
  const pairs = names.filter((name) => name.startsWith('clip-iqa.'));
  const listed = [
    ...names.filter((name) => !pairs.includes(name)),
    ...(pairs.length > 0 ? [`${pairs.length} of clip-iqa`] : []),
  ];
  return [scorer, kind ?? '-', listed.join(', ') || withoutTerms(kind)];
}
