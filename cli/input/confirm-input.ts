/**
 * What `qsched confirm` is asked for: the finalists of searches that belong together, on prompts that none of them saw.
 */
import { calibrationGain, seenPrompts } from '../../db/confirmable.js';
import type { Store } from '../../db/open-store.js';
import { resolveSplit } from '../../inference/prompts/prompt-sets.js';
import type { Confirmable } from '../../metrics/statistics/confirmation.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import { QschedError } from '../../contract/errors.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { setPrompts } from './prompt-input.js';
import { requireSearch } from './stored-search.js';
import { groupAt, numbers, type Tree } from './values.js';

/** Flags of `confirm` that say what is evaluated. */
export interface ConfirmChoice {
  readonly prompts?: string;
  readonly count?: string;
  readonly noiseSeed?: string;
  readonly scorers?: string;
}

/** New seeds begin at a multiple of this. */
const SEED_STEP = 1000;

type StoredSearch = ReturnType<typeof requireSearch>;

/**
 * @param ids searches; the latest where none is named
 * @throws QschedError (usage): searches that do not belong together, prompts that one of them saw
 */
export function planConfirmation(
  store: Store,
  ids: readonly string[],
  flags: ConfirmChoice,
): { spec: EvaluateSpec; searches: Confirmable[] } {
  const searches = (ids.length === 0 ? [undefined] : [...new Set(ids)]).map((id) => requireSearch(store, id));
  refuseUnlike(searches);
  const spec = evaluationOf(searches, flags);
  const { texts } = resolveSplit(spec.prompts, 'prompts');
  for (const { id } of searches) {
    const seen = seenPrompts(store, id);
    const shared = texts.find((text) => seen.has(text));
    if (shared !== undefined) {
      throw new QschedError(
        'usage',
        `The search "${id}" chose its coefficients by the prompt "${shared}": it must not be confirmed on it.`,
        'Choose prompts that the search never saw, with --prompts; shapes-heldout is the default of a search.',
      );
    }
  }
  return {
    spec,
    searches: searches.map(({ id, result }) => ({ id, calibrationGain: calibrationGain(store, id, result!.finalist) })),
  };
}

function refuseUnlike(searches: readonly StoredSearch[]): void {
  const first = searches[0]!;
  const unfinished = searches.find(({ result }) => result === null);
  if (unfinished !== undefined) {
    throw new QschedError(
      'usage',
      `The search "${unfinished.id}" is ${unfinished.status}: it has no finalist yet.`,
      `Finish it: npx qsched resume ${unfinished.id}`,
    );
  }
  for (const other of searches) {
    const field = (['model', 'precision', 'scheduler', 'objective'] as const).find(
      (key) => canonicalJson(other.spec[key]) !== canonicalJson(first.spec[key]),
    );
    if (field === undefined) continue;
    const [mine, its] = [first, other].map(({ spec }) => canonicalJson(spec[field]));
    throw new QschedError(
      'usage',
      `The searches "${first.id}" and "${other.id}" differ in ${field}: ${mine} and ${its}.`,
      'Confirm searches of one network, scheduler and objective together; others as rows of npx qsched evaluate.',
    );
  }
}

/** The identity, then every finalist; what is not said is the first search's own. */
function evaluationOf(searches: readonly StoredSearch[], flags: ConfirmChoice): EvaluateSpec {
  const { model, precision, scheduler, objective, confirm } = searches[0]!.spec;
  const network = { model, precision, scheduler };
  const used = searches.flatMap(({ spec }) => [...spec.prompts.seeds, ...spec.select.seeds, ...spec.confirm.seeds]);
  const fresh = (Math.floor(Math.max(...used) / SEED_STEP) + 1) * SEED_STEP;
  return parseEvaluateSpec({
    rows: [
      { ...network, schedule: 'identity' },
      ...searches.map(({ id }) => ({ ...network, schedule: `search:${id}`, label: id.slice(0, 80) })),
    ],
    prompts: {
      ...promptsOf(flags, confirm),
      seeds: numbers(flags.noiseSeed) ?? [fresh],
    },
    objective,
    scorers: scorersOf(flags.scorers, confirm.scorers),
    features: null,
  });
}

function scorersOf(flag: string | undefined, own: readonly string[]): readonly string[] {
  if (flag === undefined) return own;
  return flag === 'none' ? [] : flag.split(',');
}

/** The search's own held-out prompts, where no flag says others. */
function promptsOf({ prompts, count }: ConfirmChoice, { set, texts, ...own }: StoredSearch['spec']['confirm']): Tree {
  const chosen = { set, count: texts?.length ?? own.count, ...(texts === undefined ? {} : { texts }) };
  const tree: Tree = { prompts: chosen };
  setPrompts(tree, 'prompts', new Map(), ['prompts', prompts], ['count', count]);
  return groupAt(tree, 'prompts');
}
