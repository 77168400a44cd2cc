/**
 * `qsched confirm`: the finalists of one or several searches against the baseline, on prompts that no search saw and with
 * new seeds.
 */
import { concludeConfirmation } from '../../metrics/statistics/confirmation.js';
import { runEvaluate } from '../follow/follow-evaluate.js';
import { servingOf } from '../host/serving.js';
import { checkEvaluation } from '../input/check-here.js';
import { planConfirmation } from '../input/confirm-input.js';
import type { Given } from '../input/flag.js';
import type { CONFIRM } from '../input/flags.js';
import { scorerNames } from '../input/scorer-names.js';
import { withStore } from '../input/stored-search.js';
import { confirmText, type ConfirmDocument } from '../text/confirm-text.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';

/** @returns the exit code: 3 if --fail-without-gain was given and no calibrated coefficients are recommended */
export async function confirmCommand(
  ids: readonly string[],
  flags: Given<typeof CONFIRM> & GlobalOptions,
): Promise<number> {
  const serving = servingOf(flags);
  const { spec, searches } = withStore((store) => planConfirmation(store, ids, flags));
  checkEvaluation(spec);
  const names = searches.map(({ id }) => id).join(', ');
  const prompts = spec.prompts.texts?.length ?? spec.prompts.count;
  say(`confirming ${names}: ${prompts} held-out prompts, seeds ${spec.prompts.seeds.join(', ')}`);
  const outcome = await runEvaluate(spec, { serving, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const { rows, objective: _, ...about } = outcome.result;
  const document: ConfirmDocument = { ...about, ...concludeConfirmation(searches, rows.slice(1), about.prompts.count) };
  for (const warning of document.warnings) say(`warning: ${warning}`);
  if (flags.json) printJson(document);
  else {
    const gains = document.searches.flatMap((one) => one.gains);
    print(confirmText(document, scorerNames(spec.rows[0]!.model, gains)));
  }
  return flags.failWithoutGain && document.recommend !== 'calibrated' ? 3 : 0;
}
