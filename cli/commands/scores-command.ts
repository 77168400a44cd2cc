/**
 * `qsched scores`: every score that can be an objective's part or a table's column, what the absent ones want, and
 * every scorer folder that is installed, scorers of your own among them.
 */
import { openModelFolder, REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { installedScorers, type InstalledScorer } from '../../inference/scorers/installed-scorers.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { SCORE_TABLE, SET_SCORE_TABLE } from '../../metrics/scores/score-table.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { print, printJson, table, type GlobalOptions } from '../text/output.js';

/** Flags of `scores`. */
export interface ScoresFlags extends GlobalOptions {
  readonly model?: string;
}

/** Of a score: where it comes from on this machine, or what it wants. */
interface Listed {
  readonly score: string;
  readonly judges: string;
  readonly better: string;
  readonly formula: string;
  readonly encoder: string;
  readonly reference: string;
  readonly installed: boolean;
  readonly folder: string | null;
  readonly wants: string | null;
  readonly make: string | null;
}

/** Lists the scores; a model's qsched.json may name folders for them. */
export function scoresCommand({ model = 'shapes', json }: ScoresFlags): number {
  const { scorers } = openModelFolder(model, REFERENCE_PRECISION);
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
  ];
  const installed = installedScorers();
  if (json) {
    printJson({ model, scores, scorers: installed });
    return 0;
  }
  print(
    table([
      ['score', 'judges', 'better', 'installed', 'formula'],
      ...scores.map((one) => [one.score, one.judges, one.better, one.installed ? 'yes' : 'no', one.formula]),
    ]),
  );
  print(
    `\n${table([['installed scorer', 'kind', 'scores, each to be named as score@scorer'], ...installed.map(scorerRow)])}`,
  );
  const absent = new Map(scores.flatMap(({ wants, make }) => (wants === null ? [] : [[wants, make]])));
  for (const [wants, make] of absent) print(`\n${wants}\n  ${make ?? ''}`);
  print(`\nCLIP scores are those of the objective's own scorer, unless one is named: clip-iqa.quality@second. Distances use the features of any scorer
with --features, and are called by its name; FID and KID are published for Inception's. Scores of your own: docs/scorers.md
"either" is better where that is a matter of taste: its weight may have any sign.`);
  return 0;
}

/** A scorer's scores without its name; the CLIP-IQA pairs, which are many, as their number. */
function scorerRow({ scorer, kind, scores, problem }: InstalledScorer): string[] {
  if (problem !== null) return [scorer, '-', `cannot be used: ${problem}`];
  const names = scores.map(({ score }) => score.slice(0, score.lastIndexOf('@')));
  const pairs = names.filter((name) => name.startsWith('clip-iqa.'));
  const listed = [
    ...names.filter((name) => !pairs.includes(name)),
    ...(pairs.length > 0 ? [`${pairs.length} of clip-iqa`] : []),
  ];
  return [scorer, kind ?? '-', listed.join(', ') || 'features alone'];
}
