/**
 * What optuna-dashboard shows with an exported study: its verdict, and what Optuna's own "best trial" is not.
 */
import { signed, signedInterval } from '../../report/text/numbers.js';
import { recommended } from '../../report/text/verdict-sentences.js';
import type { StoredSearch } from '../input/stored-search.js';

/** Markdown. @param steps the length of the schedule in words */
export function optunaNote({ id, spec, status, result }: StoredSearch, steps: string): string {
  const about = `Search \`${id}\` of ${spec.model} ${spec.precision}, ${spec.scheduler.type}, ${steps}.`;
  const best = 'The best trial is the best on the calibration prompts, whose score is biased upwards.';
  if (result === null) return `${about}\n\n${best} There is no verdict yet: the search is ${status}.\n`;
  const { heldOut, finalist } = result;
  return [
    about,
    '',
    `**Recommended: ${recommended(result)}.** ${heldOut.reason}`,
    '',
    '| held out | baseline | finalist | gain | 95 % |',
    '|---|---|---|---|---|',
    ...heldOut.scorers.map(
      ({ scorer, identity, calibrated, gain, low, high }) =>
        `| ${scorer} | ${identity.toFixed(4)} | ${calibrated.toFixed(4)} | ${signed(gain)} | ${signedInterval({ low, high })} |`,
    ),
    '',
    `Finalist: c^x \`${JSON.stringify(finalist.sample)}\`, c^eps \`${JSON.stringify(finalist.noise)}\`.`,
    '',
    best,
    '',
  ].join('\n');
}
