/**
 * Why an earlier search cannot be the prior of another one.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import { QschedError } from '../contract/errors.js';
import { readingOf } from '../contract/same-prompt.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { stepCount } from '../contract/step-count.js';
import { isStored, seenPrompts, splitTexts } from './confirmable.js';
import type { Store } from './open-store.js';
import { differingField } from './same-scheduler.js';

/** The search that starts. */
export interface Starting {
  readonly spec: SearchSpec;
  /** Its held-out prompts. */
  readonly confirm: readonly string[];
}

/** A stored search. */
export interface Earlier {
  readonly id: string;
  readonly spec: SearchSpec;
}

const LEFT_OUT = 'or leave the prior out with `prior: none` (--prior none)';

/**
 * @param earlier a finished search
 * @returns undefined if nothing is against it
 */
export function priorRefusal(store: Store, { id, spec }: Earlier, starting: Starting): QschedError | undefined {
  const difference = whatDiffers(spec, starting.spec);
  if (difference !== undefined) {
    return new QschedError(
      'usage',
      `The prior "${id}" has ${difference[0]}, but this search has ${difference[1]}.`,
      `Name a search whose coefficients, scheduler and objective are those of this one, ${LEFT_OUT}.`,
    );
  }
  const shared = sharedPrompt(store, id, starting.confirm);
  if (shared === undefined) return undefined;
  return seenBy(id, shared, `Give other held-out prompts (confirm, --confirm-prompts), ${LEFT_OUT}.`);
}

/**
 * Held-out prompts of a search that is opened again, which may be others than before.
 *
 * @throws QschedError (usage) if its prior was chosen with one of them
 */
export function refuseSeen(store: Store, searchId: string, prior: string, confirm: readonly string[]): void {
  const before = splitTexts(store, searchId, 'confirm');
  if (confirm.every((text) => before.has(text))) return;
  if (!isStored(store, prior)) {
    throw new QschedError(
      'usage',
      `The search "${searchId}" started from "${prior}", which is no longer stored: it is not known whether the new held-out prompts took part in it.`,
      'Keep the held-out prompts of the search.',
    );
  }
  const shared = sharedPrompt(store, prior, confirm);
  if (shared !== undefined) throw seenBy(prior, shared, 'Keep the held-out prompts of the search, or give others.');
}

const seenBy = (id: string, prompt: string, hint: string): QschedError =>
  new QschedError(
    'usage',
    `The prior "${id}" chose its coefficients with the prompt "${prompt}", which is one of the held-out prompts: a verdict needs prompts that no search behind it has seen.`,
    hint,
  );

/** A held-out prompt that the search, or a prior of it, chose its coefficients with. */
function sharedPrompt(store: Store, searchId: string, confirm: readonly string[]): string | undefined {
  const seen = new Set([...seenPrompts(store, searchId)].map(readingOf));
  return confirm.find((text) => seen.has(readingOf(text)));
}

/** What both have, in words; undefined if the points and scores of one are points and scores of the other. */
function whatDiffers(earlier: SearchSpec, starting: SearchSpec): readonly [string, string] | undefined {
  const field = schedulerField(earlier, starting);
  if (field !== undefined) {
    const named = ({ scheduler }: SearchSpec): string =>
      `scheduler.${field} ${canonicalJson(scheduler[field] ?? null)}`;
    return [named(earlier), named(starting)];
  }
  const [mine, its] = [starting, earlier].map(coefficientsOf) as [string, string];
  if (mine !== its) return [its, mine];
  const [of, wanted] = [scoredBy(earlier), scoredBy(starting)];
  const part = Object.keys({ ...of, ...wanted }).find((key) => canonicalJson(of[key]) !== canonicalJson(wanted[key]));
  if (part === undefined) return undefined;
  return [`objective.${part} ${canonicalJson(of[part])}`, `objective.${part} ${canonicalJson(wanted[part])}`];
}

/** What of an objective decides the stored terms and how they are added; k is applied anew. */
function scoredBy({ objective }: SearchSpec): Readonly<Record<string, unknown>> {
  const { k: _, ...rest } = { ...objective, weights: objective.weights ?? null };
  return rest;
}

/** Another number of steps has other lists of them. */
function schedulerField(earlier: SearchSpec, starting: SearchSpec): ReturnType<typeof differingField> {
  const [of, own] = [earlier.scheduler, starting.scheduler];
  if (of.steps === own.steps) return differingField(of, own);
  const { sigmas, timesteps, steps } = own;
  return differingField({ ...of, sigmas, timesteps, steps }, own);
}

/** What a point of a search means. A single step has no end, and per-step coefficients are as many as there are steps. */
function coefficientsOf({ coefficients: { shape, tune }, scheduler: { steps } }: SearchSpec): string {
  const counted = shape === 'per-step' || steps === 1 ? ` for ${stepCount(steps)}` : '';
  return `${shape} coefficients (tune: ${tune})${counted}`;
}
