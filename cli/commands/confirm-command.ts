/**
 * `qsched confirm`: the finalists of one or several searches against the identity, on prompts that no
 * search saw and with new seeds: gain, intervals, probability of a gain, optimism gap, recommendation.
 */
import { checkEvaluateFiles } from '../../inference/prepare/prepare-evaluate.js';
import { concludeConfirmation } from '../../metrics/statistics/confirmation.js';
import { runEvaluate } from '../follow/follow-evaluate.js';
import { planConfirmation, type ConfirmChoice } from '../input/confirm-input.js';
import { withStore } from '../input/stored-search.js';
import { workersOf } from '../input/workers.js';
import { confirmText, type ConfirmDocument } from '../text/confirm-text.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';

/** Flags of `confirm`. */
export interface ConfirmFlags extends GlobalOptions, ConfirmChoice {
  readonly workers?: string;
  readonly wait?: boolean;
  readonly failWithoutGain?: boolean;
}

/** @returns the exit code: 3 where --fail-without-gain was given and nothing calibrated is recommended */
export async function confirmCommand(ids: readonly string[], flags: ConfirmFlags): Promise<number> {
  const workers = workersOf(flags.workers);
  const { spec, searches } = withStore((store) => planConfirmation(store, ids, flags));
  checkEvaluateFiles(spec);
  const names = searches.map(({ id }) => id).join(', ');
  const prompts = spec.prompts.texts?.length ?? spec.prompts.count;
  say(`confirming ${names}: ${prompts} held-out prompts, seeds ${spec.prompts.seeds.join(', ')}`);
  const outcome = await runEvaluate(spec, { workers, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const { rows, objective: _, ...about } = outcome.result;
  const document: ConfirmDocument = { ...about, ...concludeConfirmation(searches, rows.slice(1), about.prompts.count) };
  for (const warning of document.warnings) say(`warning: ${warning}`);
  if (flags.json) printJson(document);
  else print(confirmText(document));
  return flags.failWithoutGain && document.recommend !== 'calibrated' ? 3 : 0;
}
