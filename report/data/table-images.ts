/**
 * The same prompts and seeds under every row of a table, from the records in the artefact folder.
 */
import { readObject } from '../../artefacts/read-object.js';
import { decodeShard } from '../../artefacts/shard-record.js';
import type { TableDocument } from '../documents/table-document.js';
import { imageSources, NOT_HERE, type ImagePlace } from './image-sources.js';

/** Images of one document at most, and prompts shown in any case. */
const MOST_IMAGES = 96;
const LEAST_PROMPTS = 3;

/** Which prompts a table has. */
export interface TablePrompts {
  readonly count: number;
  readonly seeds: readonly number[];
  /** In order; null where the prompt set cannot be read from here. */
  readonly texts: readonly string[] | null;
  readonly set: string | null;
}

/**
 * @param records of each row: hashes of its shards' records, in order
 * @param own those of the table
 * @param prompts how many are shown, evenly over all; fewer for a table with many rows
 */
export function tableImages(
  records: readonly (readonly string[])[],
  own: TablePrompts,
  prompts: number,
  place: ImagePlace,
): Pick<TableDocument, 'images' | 'imageNote'> {
  const { count, seeds } = own;
  const kept = records.map((hashes) => hashesOf(place.folder, hashes));
  if (kept.every((one) => one === null)) return { images: [], imageNote: null };
  const most = Math.max(LEAST_PROMPTS, Math.floor(MOST_IMAGES / records.length));
  const shown = Math.min(prompts, most, count);
  const positions = Array.from({ length: shown }, (_, i) => Math.floor(((i + 0.5) * count) / shown));
  // A record has the images of a prompt's seeds one after another; the first seed is shown.
  const wanted = positions.flatMap((position) => kept.map((one) => one?.[position * seeds.length] ?? null));
  const { sources, note } = imageSources(wanted, place);
  return {
    images: positions.map((position, i) => ({
      prompt: nameOfPrompt(own, position),
      seed: seeds[0]!,
      rows: kept.map((one, row) => (one === null ? { missing: NOT_HERE } : sources[i * records.length + row]!)),
    })),
    imageNote: note,
  };
}

/** The text of a prompt, or which one it is where texts cannot be read. */
export const nameOfPrompt = ({ texts, set }: TablePrompts, position: number): string =>
  texts?.[position] ?? `prompt ${position + 1} of ${set ?? 'the spec'}`;

/** Hashes of a row's images, prompt by prompt and seed by seed; null without its records. */
function hashesOf(folder: string, records: readonly string[]): string[] | null {
  const shards = records.map((hash) => {
    const bytes = readObject(folder, hash);
    return bytes === undefined ? undefined : decodeShard(bytes);
  });
  if (shards.length === 0 || shards.includes(undefined)) return null;
  return shards.flatMap((blocks) => blocks!.flatMap(({ images }) => images));
}
