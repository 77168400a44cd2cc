/**
 * `qsched confirm`: the finalists of one or several searches against the identity, on prompts that no
 * search saw and with new seeds: gain, intervals, probability of a gain, optimism gap, recommendation.
 */
import { calibrationGain, seenPrompts } from '../../db/confirmable.js';
import type { Store } from '../../db/open-store.js';
import { checkEvaluateFiles } from '../../inference/prepare/prepare-evaluate.js';
import { resolveSplit } from '../../inference/prompts/prompt-sets.js';
import { canonicalJson } from '../../spec/canonical-json.js';
import { QschedError } from '../../spec/errors.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpec } from '../../spec/evaluate-spec.js';
import { parseEvaluateSpec } from '../../spec/validate-evaluate.js';
import { runEvaluate } from '../follow/follow-evaluate.js';
import { workersOf } from '../input/workers.js';
import { print, printJson, say, table, type GlobalOptions } from '../text/output.js';
import { number, readPrompts } from '../input/spec-input.js';
import { requireSearch, withStore } from '../input/stored-search.js';

/** Flags of `confirm`. */
export interface ConfirmFlags extends GlobalOptions {
  readonly prompts?: string;
  readonly count?: string;
  readonly noiseSeed?: string;
  readonly scorers?: string;
  readonly workers?: string;
  readonly wait?: boolean;
  readonly failWithoutGain?: boolean;
}

/** Adjusted one-sided p-values up to this stand, beside two-sided intervals of 95 %. */
const LEVEL = 0.025;
/** New seeds begin at a multiple of this. */
const SEED_STEP = 1000;

/** What is known of a search's finalist. */
export interface ConfirmedSearch extends Pick<EvaluatedRow, 'gains' | 'recommend' | 'pHolm' | 'coefficients'> {
  readonly searchId: string;
  /** Gain in the objective on the search's own calibration pictures; null where it has none stored. */
  readonly calibrationGain: number | null;
  /** That minus the gain on held-out prompts: what the best of many trials on few prompts was luck. */
  readonly optimismGap: number | null;
}

/** The body of `qsched confirm --json`. */
export interface ConfirmDocument {
  readonly evaluateId: string;
  readonly searches: readonly ConfirmedSearch[];
  /** The search whose coefficients are recommended; null for the identity, or where there is no verdict. */
  readonly recommended: string | null;
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
  readonly prompts: EvaluateResult['prompts'];
  readonly drawn: number;
  readonly reused: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** @returns the exit code: 3 where --fail-without-gain was given and nothing calibrated is recommended */
export async function confirmCommand(ids: readonly string[], flags: ConfirmFlags): Promise<number> {
  const workers = workersOf(flags.workers);
  const { spec, searches } = withStore((store) => plan(store, ids, flags));
  checkEvaluateFiles(spec);
  say(`confirming ${searches.map(({ id }) => id).join(', ')}: ${spec.prompts.texts?.length ?? spec.prompts.count} held-out prompts, seeds ${spec.prompts.seeds.join(', ')}`);
  const outcome = await runEvaluate(spec, { workers, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const document = conclude(outcome.result, searches);
  for (const warning of document.warnings) say(`warning: ${warning}`);
  if (flags.json) printJson(document);
  else print(confirmText(document));
  return flags.failWithoutGain && document.recommend !== 'calibrated' ? 3 : 0;
}

interface Planned { readonly id: string; readonly calibrationGain: number | null }

/** @throws QschedError (usage): searches that do not belong together, prompts that one of them saw */
function plan(store: Store, ids: readonly string[], flags: ConfirmFlags): { spec: EvaluateSpec; searches: Planned[] } {
  const searches = (ids.length === 0 ? [undefined] : [...new Set(ids)]).map((id) => requireSearch(store, id));
  const unfinished = searches.find(({ result }) => result === null);
  if (unfinished !== undefined) throw new QschedError('usage', `The search "${unfinished.id}" is ${unfinished.status}: it has no finalist yet.`, `Finish it: npx qsched resume ${unfinished.id}`);
  const [first] = searches as [(typeof searches)[number]];
  for (const other of searches) {
    const field = (['model', 'precision', 'scheduler', 'objective'] as const).find((key) => canonicalJson(other.spec[key]) !== canonicalJson(first.spec[key]));
    if (field !== undefined) throw new QschedError('usage', `The searches "${first.id}" and "${other.id}" differ in ${field}: ${canonicalJson(first.spec[field])} and ${canonicalJson(other.spec[field])}.`, 'Confirm searches of one network, scheduler and objective together; others by themselves, or as rows of npx qsched evaluate.');
  }
  const { model, precision, scheduler, objective, confirm } = first.spec;
  const used = searches.flatMap(({ spec }) => [...spec.prompts.seeds, ...spec.select.seeds, ...spec.confirm.seeds]);
  const spec = parseEvaluateSpec({
    rows: [{ model, precision, scheduler, schedule: 'identity' }, ...searches.map(({ id }) => ({ model, precision, scheduler, schedule: `search:${id}`, label: id.slice(0, 80) }))],
    prompts: {
      ...promptsOf(flags, confirm),
      seeds: flags.noiseSeed === undefined ? [(Math.floor(Math.max(...used) / SEED_STEP) + 1) * SEED_STEP] : flags.noiseSeed.split(',').map(number),
    },
    objective,
    scorers: flags.scorers === undefined ? confirm.scorers : flags.scorers === 'none' ? [] : flags.scorers.split(','),
    features: null,
  });
  const { texts } = resolveSplit(spec.prompts, 'prompts');
  for (const { id } of searches) {
    const seen = seenPrompts(store, id);
    const shared = texts.find((text) => seen.has(text));
    if (shared !== undefined) throw new QschedError('usage', `The search "${id}" chose its coefficients by the prompt "${shared}": it must not be confirmed on it.`, 'Choose prompts that the search never saw, with --prompts; shapes-heldout is the default of a search.');
  }
  return { spec, searches: searches.map(({ id, result }) => ({ id, calibrationGain: calibrationGain(store, id, result!.finalist) })) };
}

function promptsOf(flags: ConfirmFlags, confirm: { readonly set: string; readonly count: number; readonly texts?: string[] | undefined }): Record<string, unknown> {
  const count = flags.count === undefined ? { count: confirm.count } : { count: number(flags.count) };
  if (flags.prompts === undefined) return { set: confirm.set, ...count, ...(confirm.texts === undefined ? {} : { texts: confirm.texts }) };
  if (/[/.\\]/.test(flags.prompts)) return { texts: readPrompts(flags.prompts, 'prompts') };
  return { set: flags.prompts, ...count };
}

/** The largest gain among those that stand. */
function conclude({ evaluateId, rows, prompts, drawn, reused, warnings, seconds }: EvaluateResult, planned: readonly Planned[]): ConfirmDocument {
  const searches = planned.map(({ id, calibrationGain: calibration }, i): ConfirmedSearch => {
    const { gains, recommend, pHolm, coefficients } = rows[i + 1]!;
    const gain = gains[0]?.gain ?? null;
    return { searchId: id, coefficients, gains, recommend, pHolm, calibrationGain: calibration, optimismGap: calibration === null || gain === null ? null : calibration - gain };
  });
  const several = searches.length > 1;
  const stands = ({ recommend, pHolm }: ConfirmedSearch): boolean => recommend === 'calibrated' && (!several || (pHolm !== null && pHolm <= LEVEL));
  const best = searches.filter(stands).sort((a, b) => b.gains[0]!.gain - a.gains[0]!.gain)[0];
  const none = searches.every(({ recommend }) => recommend === 'none');
  const fewest = Math.min(...searches.flatMap(({ gains }) => gains.map((gain) => gain.prompts)));
  const reason = best !== undefined
    ? `The gain on held-out prompts is above 0 in both intervals, in every score${several ? `, and stands after Holm's correction for ${searches.length} searches` : ''}.`
    : none ? `${Number.isFinite(fewest) ? fewest : 0} held-out prompts are too few for a verdict; it needs at least 20.`
      : several && searches.some(({ recommend }) => recommend === 'calibrated') ? `No gain stands after Holm's correction for ${searches.length} searches.` : 'The gain on held-out prompts is not proven in every score.';
  return { evaluateId, searches, recommended: best?.searchId ?? null, recommend: best !== undefined ? 'calibrated' : none ? 'none' : 'identity', reason, prompts, drawn, reused, warnings, seconds };
}

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;

function confirmText({ searches, recommended, recommend, reason, prompts, drawn, reused, seconds }: ConfirmDocument): string {
  const rows = searches.flatMap(({ searchId, gains }) => gains.map((gain) => [
    searchId, gain.scorer, gain.identity.toFixed(4), gain.calibrated.toFixed(4), signed(gain.gain),
    `[${signed(gain.percentile.low)}, ${signed(gain.percentile.high)}]`, `[${signed(gain.studentised.low)}, ${signed(gain.studentised.high)}]`, `${(100 * gain.probabilityOfGain).toFixed(1)} %`,
  ]));
  const luck = searches.flatMap(({ searchId, calibrationGain: calibration, optimismGap, pHolm }) => {
    if (optimismGap === null || calibration === null) return [];
    return [`  ${searchId}: ${signed(calibration)} on its calibration pictures, ${signed(optimismGap)} of that not held out (optimism gap)${searches.length > 1 && pHolm !== null ? `; Holm-adjusted p ${pHolm.toFixed(4)}` : ''}`];
  });
  return [
    ...(rows.length === 0 ? ['nothing could be compared: see the warnings'] : [table([['search', 'score', 'identity', 'calibrated', 'gain', '95 % percentile', '95 % studentised', 'probability of a gain'], ...rows])]),
    ...luck, '',
    `recommended: ${recommend === 'calibrated' ? `the calibrated coefficients of ${recommended}` : recommend === 'identity' ? 'the identity (leave the scheduler as it is)' : 'nothing'}`,
    `  ${reason}`,
    `  ${prompts.count} held-out prompts of ${prompts.set ?? 'your own'}, seeds ${prompts.seeds.join(', ')}; ${drawn} pictures drawn, ${reused} found; ${seconds.toFixed(1)} s`,
  ].join('\n');
}
