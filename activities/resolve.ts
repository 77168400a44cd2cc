/**
 * `resolveSchedules` (store queue): the schedule of every row, and how many of the evaluation's prompts
 * the searches and fits behind it have used: of a search, and of a stored schedule that came from one.
 */
import { searchesBehind, seenPrompts } from '../db/confirmable.js';
import { fittedPrompts } from '../db/fits.js';
import type { Store } from '../db/open-store.js';
import { resolveSchedules } from '../db/resolve-schedules.js';
import { readingOf } from '../contract/same-prompt.js';
import { textsHere } from '../inference/prompts/prompt-sets.js';
import type { ResolvedSchedule } from '../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../contract/evaluate-spec.js';

/** @throws QschedError (usage) for a reference that stands for nothing */
export function resolveRows(store: Store, spec: EvaluateSpec): ResolvedSchedule[] {
  const texts = textsHere(spec.prompts, 'prompts');
  return resolveSchedules(store, spec).map((resolved) => {
    if (resolved.source === null) return resolved;
    const { source } = resolved;
    const chosenBy = [
      fittedPrompts(store, source),
      ...searchesBehind(store, source).map((id) => seenPrompts(store, id)),
    ];
    const read = new Set(chosenBy.flatMap((set) => [...set].map(readingOf)));
    const seen = texts.filter((text) => read.has(readingOf(text))).length;
    return seen === 0 ? resolved : { ...resolved, seen };
  });
}
