/**
 * `qsched scores`: every score that can be an objective's part or a table's column, and what the absent ones want.
 */
import { openModelFolder, REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { SCORE_TABLE, SET_SCORE_TABLE } from '../../metrics/scores/score-table.js';
import { messageOf, QschedError } from '../../spec/errors.js';
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
  if (json) {
    printJson({ model, scores });
    return 0;
  }
  print(
    table([
      ['score', 'judges', 'better', 'installed', 'formula'],
      ...scores.map(({ score, judges, better, installed, formula }) => [
        score,
        judges,
        better,
        installed ? 'yes' : 'no',
        formula,
      ]),
    ]),
  );
  const absent = new Map(scores.flatMap(({ wants, make }) => (wants === null ? [] : [[wants, make]])));
  for (const [wants, make] of absent) print(`\n${wants}\n  ${make ?? ''}`);
  print(`\nCLIP scores are those of the objective's own scorer, unless one is named: clip-iqa.quality@second. Distances use the features of any scorer
with --features, and are called by its name; FID and KID are published for Inception's. Scores of your own: docs/scorers.md`);
  return 0;
}
