/**
 * What `qsched confirm` evaluates: the finalists of comparable searches on prompts that none of them saw.
 */
import { calibrationGain, seenPrompts } from '../../db/confirmable.js';
import type { Store } from '../../db/open-store.js';
import { resolveSplit } from '../../inference/prompts/prompt-sets.js';
import type { Confirmable } from '../../metrics/statistics/confirmation.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import { pipelineChoice } from '../../contract/pipeline-choice.js';
import { QschedError } from '../../contract/errors.js';
import { readingOf } from '../../contract/same-prompt.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { setFields, type Given } from './flag.js';
import { placesOf } from './flag-places.js';
import { CONFIRM_SPEC } from './flags.js';
import { setPrompts } from './prompt-input.js';
import { requireSearch, type StoredSearch } from './stored-search.js';
import type { Tree } from './values.js';

/** Flags of `confirm` that say what is evaluated. */
export type ConfirmChoice = Given<typeof CONFIRM_SPEC>;

/** New seeds begin at a multiple of this. */
const SEED_STEP = 1000;

/**
 * @param ids searches; without any, the latest
 * @throws QschedError (usage) for searches that cannot be compared, and for prompts that one of them saw
 */
export function planConfirmation(
  store: Store,
  ids: readonly string[],
  given: ConfirmChoice,
): { spec: EvaluateSpec; searches: Confirmable[] } {
  const searches = (ids.length === 0 ? [undefined] : [...new Set(ids)]).map((id) => requireSearch(store, id));
  refuseUnlike(searches);
  const places = placesOf(CONFIRM_SPEC, given, null);
  return places.named(() => {
    const spec = parseEvaluateSpec(evaluationOf(searches, given), places.of);
    refuseSeen(store, searches, resolveSplit(spec.prompts, 'prompts').texts);
    return {
      spec,
      searches: searches.map(({ id, result }) => ({
        id,
        calibrationGain: calibrationGain(store, id, result!.finalist),
      })),
    };
  });
}

function refuseSeen(store: Store, searches: readonly StoredSearch[], texts: readonly string[]): void {
  for (const { id } of searches) {
    const seen = new Set([...seenPrompts(store, id)].map(readingOf));
    const shared = texts.find((text) => seen.has(readingOf(text)));
    if (shared === undefined) continue;
    throw new QschedError(
      'usage',
      `The search "${id}" chose its coefficients with the prompt "${shared}", so it cannot be confirmed on it.`,
      'Use --prompts with prompts that the search never saw; the default of a search is shapes-heldout.',
    );
  }
}

function refuseUnlike(searches: readonly StoredSearch[]): void {
  const first = searches[0]!;
  const unfinished = searches.find(({ result }) => result === null);
  if (unfinished !== undefined) {
    throw new QschedError(
      'usage',
      `The search "${unfinished.id}" is ${unfinished.status}: it does not have a finalist yet.`,
      `Finish it: npx qsched resume ${unfinished.id}`,
    );
  }
  for (const other of searches) {
    const field = (
      ['model', 'precision', 'guidance', 'negativePrompt', 'size', 'sequenceLength', 'scheduler', 'objective'] as const
    ).find((key) => canonicalJson(other.spec[key] ?? null) !== canonicalJson(first.spec[key] ?? null));
    if (field === undefined) continue;
    const [mine, its] = [first, other].map(({ spec }) => canonicalJson(spec[field] ?? null));
    throw new QschedError(
      'usage',
      `The searches "${first.id}" and "${other.id}" differ in ${field}: ${mine} and ${its}.`,
      'Only searches with the same network, scheduler and objective can be confirmed together; compare others with npx qsched evaluate.',
    );
  }
}

/** The baseline, then every finalist. Whatever no flag says is taken from the first search. */
function evaluationOf(searches: readonly StoredSearch[], given: ConfirmChoice): Tree {
  const { objective } = searches[0]!;
  const { model, precision, scheduler, confirm } = searches[0]!.spec;
  const network = { model, precision, scheduler, ...pipelineChoice(searches[0]!.spec) };
  const used = searches.flatMap(({ spec }) => [...spec.prompts.seeds, ...spec.select.seeds, ...spec.confirm.seeds]);
  const fresh = (Math.floor(Math.max(...used) / SEED_STEP) + 1) * SEED_STEP;
  const { set, texts, count } = confirm;
  const prompts = { set, count: texts?.length ?? count, ...(texts === undefined ? {} : { texts }), seeds: [fresh] };
  const tree: Tree = {
    rows: [
      { ...network, schedule: 'identity' },
      ...searches.map(({ id }) => ({ ...network, schedule: `search:${id}`, label: id.slice(0, 80) })),
    ],
    prompts,
    objective,
    scorers: confirm.scorers,
    features: null,
  };
  setFields(tree, CONFIRM_SPEC, given);
  setPrompts(tree, 'prompts', ['--prompts', given.prompts], ['--count', given.count]);
  return tree;
}
