/**
 * The verdict of a search in words, with its numbers beside them.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { Estimate, GainInterval, SearchResult } from '../../contract/search-result.js';
import type { SearchDocument } from '../documents/search-document.js';
import { signed, signedInterval } from '../text/numbers.js';
import { renameScorers, type ScorerNames } from '../text/scorer-label.js';
import { biasSentence, constraintSentences, linearSentence, shareText } from '../text/verdict-sentences.js';

type Verdict = NonNullable<SearchDocument['verdict']>;

/** What a search says of itself beside its result. */
interface About {
  readonly status: SearchDocument['status'];
  /** What the objective is called: JAQ, or the objective. */
  readonly objective: string;
  readonly nameOf: ScorerNames;
}

/** @param result the stored one; that of an earlier run if the search was opened again */
export function verdictOf(result: SearchResult, { status, objective, nameOf }: About): Verdict {
  const { heldOut } = result;
  const { recommend } = heldOut;
  return {
    recommend,
    headline: headlineOf(result, objective),
    sentences: sentencesOf(result, status, nameOf).map(asSentence),
    gains: heldOut.scorers.map((gain) => ({
      scorer: nameOf(gain.scorer),
      prompts: gain.prompts,
      identity: gain.identity,
      calibrated: gain.calibrated,
      gain: ofGain(gain),
    })),
    repair: repairOf(result),
  };
}

function headlineOf({ heldOut, linear }: SearchResult, objective: string): string {
  const { recommend, prompts, reason } = heldOut;
  if (recommend === 'none') return `No recommendation. ${reason}`;
  const gain = `${signed(heldOut.gain)} ${objective} ${signedInterval(heldOut)}`;
  if (recommend === 'identity') {
    return `Leave the scheduler as it is: the finalist's ${gain} on ${prompts} held-out prompts is not enough to recommend it.`;
  }
  if (linear?.recommend === 'linear') {
    return `Use the linear coefficients of ${linear.searchId}: two per step gain ${gain}, but are not proven better than those.`;
  }
  return `Use the calibrated coefficients: ${gain} on ${prompts} held-out prompts.`;
}

function sentencesOf(result: SearchResult, status: SearchDocument['status'], nameOf: ScorerNames): string[] {
  const { heldOut, best, finalist, control, linear, notes } = result;
  const roles = heldOut.scorers.map(({ scorer }) => scorer);
  const bias = best.trial === 0 ? null : biasSentence(heldOut);
  const same = canonicalJson(best.coefficients) === canonicalJson(finalist);
  return [
    ...(status === 'finished' ? [] : [`this is the verdict of the previous result; the search is ${status} now`]),
    ...(heldOut.recommend === 'none' ? [] : [renameScorers(heldOut.reason, roles, nameOf)]),
    ...(best.trial === 0
      ? []
      : [
          same
            ? `the finalist is the best calibration candidate (#${best.trial})`
            : `the finalist is another top candidate than the best calibration one (#${best.trial}), chosen on the selection prompts`,
        ]),
    ...constraintSentences(heldOut),
    ...(bias === null ? [] : [bias]),
    ...repairSentences(result),
    ...(control?.search ? [controlSentence(control.search.heldOut, control.precision)] : []),
    ...(linear === undefined ? [] : [linearSentence(linear)]),
    ...notes,
  ];
}

function repairSentences({ control, precision }: SearchResult): string[] {
  const share = control?.repair?.[0]?.share;
  if (!control || !share) return [];
  return [
    `${shareText(share)} of the gain repairs quantisation: ${control.precision} does not gain it with the same ` +
      `coefficients; the rest is tuning of the schedule, which helps ${control.precision} as well as ${precision}`,
  ];
}

const controlSentence = (heldOut: SearchResult['heldOut'], precision: string): string =>
  `a search of its own gains ${precision} ${signed(heldOut.gain)} ${signedInterval(heldOut)}; ` +
  'what full precision gains too is schedule tuning, not quantisation repair';

/** With a capital letter and a full stop; without the latter behind a flag to copy. */
const asSentence = (text: string): string =>
  `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!?]$|--[a-z-]+ \S+$/.test(text) ? '' : '.'}`;

const ofGain = ({ gain, low, high }: Pick<GainInterval, 'gain' | 'low' | 'high'>) => ({ value: gain, low, high });
const copy = ({ value, low, high }: Estimate) => ({ value, low, high });

/** In the objective, whose split is the first. */
function repairOf({ control }: SearchResult): Verdict['repair'] {
  const split = control?.repair?.[0];
  if (split === undefined) return null;
  const { gain, full, repair, share } = split;
  return { gain: copy(gain), full: copy(full), repair: copy(repair), share: share === null ? null : { ...share } };
}
