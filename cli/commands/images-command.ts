/**
 * `qsched images`: the images of a search's verdict as PNG files, at full size.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { readImage } from '../../report/data/image-sources.js';
import { imageRows, type ImageRow } from '../../report/data/search-images.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import type { Given } from '../input/flag.js';
import type { IMAGES } from '../input/flags.js';
import { requireSearch, withStore, type StoredSearch } from '../input/stored-search.js';
import { imageName, IMAGE_KINDS, type NamedImage } from '../text/image-name.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';

/** An image of the search, and why it was not written if it was not. */
interface Written extends NamedImage {
  readonly file: string;
  readonly missing?: string;
}

/** Writes every held-out prompt with every seed. @returns the exit code */
export function imagesCommand(id: string | undefined, flags: Given<typeof IMAGES> & GlobalOptions): number {
  const { search, rows } = withStore((store) => {
    const found = requireSearch(store, id);
    return { search: found, rows: imageRows(store, found.id, found.spec.confirm.seeds) };
  });
  if (rows.length === 0) throw noImages(search);
  const folder = resolve(flags.output ?? `${search.id}-images`);
  refuseFull(folder, flags.overwrite ?? false);
  const written = writeImages(rows, folder);
  const images = written.filter(({ missing }) => missing === undefined);
  const missing = written.filter((one) => one.missing !== undefined);
  if (images.length === 0) {
    throw new QschedError(
      'failure',
      `No image of the search "${search.id}" can be reached from here: ${missing[0]!.missing}.`,
      `Set QSCHED_ARTEFACTS to the folder of the workers, or make the images again: npx qsched evaluate --schedules identity,search:${search.id}`,
    );
  }
  if (flags.json) {
    printJson({ searchId: search.id, folder, images, missing: missing.map(({ file: _file, ...one }) => one) });
    return 0;
  }
  const kinds = IMAGE_KINDS.filter((kind) => images.some((one) => one.kind === kind));
  print(`wrote ${images.length} images to ${folder} (${kinds.join(', ')})`);
  for (const [why, count] of countsOf(missing.map((one) => one.missing!))) say(`${count} images are missing: ${why}`);
  if (!('reference' in rows[0]!)) say('the search has no full-precision images: --control evaluate makes them');
  return 0;
}

function noImages({ id, status }: StoredSearch): QschedError {
  return new QschedError(
    'failure',
    `The search "${id}" is ${status}, and its finalist was not tested on held-out prompts yet: there are no images.`,
    `Finish it: npx qsched resume ${id}`,
  );
}

/** @throws QschedError (usage) for a folder with files, unless they may be overwritten */
function refuseFull(folder: string, overwrite: boolean): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) {
    throw new QschedError('usage', `--output ${folder} is a file, not a folder.`, 'Name another folder.');
  }
  if (!overwrite && readdirSync(folder).length > 0) {
    throw new QschedError(
      'usage',
      `The folder ${folder} is not empty.`,
      'Name another one with --output, or add --overwrite: images of the same names are then replaced.',
    );
  }
}

/**
 * Into a folder beside it first, so that a command that was interrupted leaves none that is half full.
 *
 * @throws QschedError (failure) if the folder cannot be written
 */
function writeImages(rows: readonly ImageRow[], folder: string): Written[] {
  const artefacts = artefactFolder();
  const beside = `${folder}.new`;
  removed(beside);
  const written = rows.flatMap((row) =>
    IMAGE_KINDS.flatMap((kind): Written[] => {
      const hash = row[kind];
      if (hash === undefined) return [];
      const about = { position: row.position, prompt: row.prompt, seed: row.seed, kind };
      const file = imageName(about);
      const image = readImage(artefacts, hash);
      if ('missing' in image) return [{ file, ...about, missing: image.missing }];
      attempt(folder, () => {
        mkdirSync(beside, { recursive: true });
        writeFileSync(join(beside, file), image.bytes);
      });
      return [{ file, ...about }];
    }),
  );
  const files = written.flatMap(({ file, missing }) => (missing === undefined ? [file] : []));
  attempt(folder, () => {
    if (files.length > 0) mkdirSync(folder, { recursive: true });
    for (const file of files) renameSync(join(beside, file), join(folder, file));
  });
  removed(beside);
  return written;
}

const removed = (folder: string): void => rmSync(folder, { recursive: true, force: true });

function attempt(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new QschedError(
      'failure',
      `Images cannot be written to ${folder}: ${messageOf(error)}`,
      'Use another folder with --output.',
    );
  }
}

const countsOf = (texts: readonly string[]): Map<string, number> =>
  texts.reduce((counts, text) => counts.set(text, (counts.get(text) ?? 0) + 1), new Map<string, number>());
