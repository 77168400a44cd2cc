/**
 * `qsched pareto`: the Pareto front of two scores over the candidates of a search. Reads only the database: no server, no
 * model.
 */
import { paretoOf, type AskedScore } from '../../db/pareto.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import type { Given } from '../input/flag.js';
import type { PARETO } from '../input/flags.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { numericThresholds } from '../input/thresholds.js';
import { paretoText, type ParetoDocument } from '../text/pareto-text.js';
import { usesK } from '../../report/text/objective-text.js';
import { tableFormat } from '../text/table-document.js';

/** Flags of `pareto`. */
export type ParetoFlags = Given<typeof PARETO> & GlobalOptions;

/** Prints the front of two scores of a search. @returns the exit code */
export function paretoCommand(id: string | undefined, flags: ParetoFlags): number {
  const format = tableFormat(flags.format);
  const atLeast = numericThresholds(flags.atLeast);
  const scores = parseScores(flags.scores ?? 'text,quality');
  const document = withStore((store): ParetoDocument => {
    const search = requireSearch(store, id);
    const { objective } = search;
    const { model, precision, scheduler } = search.spec;
    return {
      searchId: search.id,
      status: search.status,
      model,
      precision,
      steps: scheduler.steps,
      objective: objective.type,
      k: usesK(objective.type) ? objective.k : null,
      atLeast: flags.atLeast === undefined ? null : atLeast,
      ...paretoOf(store, search, { scores, atLeast }),
    };
  });
  if (flags.json) printJson(document);
  else print(paretoText(document, format));
  return 0;
}

/** `clip-score,brisque:lower`. @throws QschedError (usage) */
function parseScores(text: string): readonly [AskedScore, AskedScore] {
  const hint = 'For example: --scores text,quality or --scores clip-score,clip-iqa.warm:higher';
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length !== 2 || parts.includes('')) {
    throw new QschedError('usage', `--scores is "${text}": a front needs two scores.`, hint);
  }
  const [first, second] = [parseScore(parts[0]!), parseScore(parts[1]!)];
  if (first.name === second.name) throw new QschedError('usage', `--scores names ${first.name} twice.`, hint);
  return [first, second];
}

function parseScore(text: string): AskedScore {
  const at = text.lastIndexOf(':');
  if (at === -1) return { name: text };
  const [name, direction] = [text.slice(0, at), text.slice(at + 1)];
  if (direction === 'higher' || direction === 'lower') return { name, direction };
  throw new QschedError(
    'usage',
    `--scores names "${text}", but "${direction}" is not a direction.`,
    suggestion(direction, ['higher', 'lower']),
  );
}
