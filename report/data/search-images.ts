/**
 * Held-out prompts under the baseline, the finalist, and the baseline of the full-precision network.
 */
import { and, eq, inArray, or } from 'drizzle-orm';
import type { Store } from '../../db/open-store.js';
import { statement } from '../../db/prepared.js';
import { trialImages } from '../../db/schema.js';
import type { SearchDocument } from '../documents/search-document.js';
import { imageSources, type ImagePlace } from './image-sources.js';
import type { ShownPrompt } from './prompt-gains.js';

/** The images of one held-out prompt and seed, by hash; null for one that was not kept. */
export interface ImageRow {
  readonly position: number;
  readonly prompt: string;
  readonly seed: number;
  readonly identity: string | null;
  readonly calibrated: string | null;
  /** Absent without a full-precision network. */
  readonly reference?: string | null;
}

const STAGES = 'select distinct stage from trials where search_id = @searchId';

const PROMPTS = `
  select sp.position as position, p.text as prompt
  from search_prompts sp join prompts p on p.id = sp.prompt_id
  where sp.search_id = @searchId and sp.split = 'confirm' order by sp.position`;

/** Every held-out prompt with every seed; empty before the search was confirmed. */
export function imageRows(store: Store, searchId: string, seeds: readonly number[]): ImageRow[] {
  const stages = statement<{ searchId: string }, { stage: string }>(store, STAGES).all({ searchId });
  const begun = new Set(stages.map(({ stage }) => stage));
  if (!begun.has('confirm')) return [];
  const images = store
    .select()
    .from(trialImages)
    .where(
      and(
        eq(trialImages.searchId, searchId),
        or(
          and(eq(trialImages.stage, 'confirm'), inArray(trialImages.number, [0, 1])),
          and(eq(trialImages.stage, 'control'), eq(trialImages.number, 0)),
        ),
      ),
    )
    .all();
  const hashes = new Map(images.map((one) => [keyOf(one.stage!, one.number!, one.position!, one.seed!), one.image]));
  return statement<{ searchId: string }, { position: number; prompt: string }>(store, PROMPTS)
    .all({ searchId })
    .flatMap(({ position, prompt }) =>
      seeds.map((seed) => {
        const at = (stage: string, number: number): string | null =>
          hashes.get(keyOf(stage, number, position, seed)) ?? null;
        const reference = begun.has('control') ? { reference: at('control', 0) } : {};
        return { position, prompt, seed, identity: at('confirm', 0), calibrated: at('confirm', 1), ...reference };
      }),
    );
}

const keyOf = (...parts: readonly (string | number)[]): string => parts.join('|');

/** The first seed of each prompt. */
export function shownImages(
  rows: readonly ImageRow[],
  shown: readonly ShownPrompt[],
  place: ImagePlace,
): Pick<SearchDocument, 'images' | 'imageNote'> {
  const chosen = shown.flatMap(({ position, ...about }) => {
    const row = rows.find((one) => one.position === position);
    return row === undefined ? [] : [{ row, about }];
  });
  const hashes = chosen.flatMap(({ row }) => [row.identity, row.calibrated, row.reference ?? null]);
  const { sources, note } = imageSources(hashes, place);
  return {
    images: chosen.map(({ row: { prompt, seed, reference }, about: { chosen: why, gain } }, i) => ({
      prompt,
      seed,
      chosen: why,
      gain,
      identity: sources[3 * i]!,
      calibrated: sources[3 * i + 1]!,
      reference: reference === undefined ? null : sources[3 * i + 2]!,
    })),
    imageNote: note,
  };
}
