/**
 * Folders of images made elsewhere: files of equal names are of the same prompt and seed.
 *
 * `name.png` is a prompt with one image; `name-seed-7.png`, and `name-seed-7-calibrated.png` as `qsched images` writes it, is
 * one of several seeds.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';
import { LEAST_PROMPTS } from '../contract/gate-spec.js';
import type { FoundFolders, ReadFoldersRequest } from '../contract/image-folders.js';
import type { ArtefactStore } from './artefact-store.js';

/** A prompt's file of texts in the reference's folder. */
const PROMPTS_FILE = 'prompts.json';
const SEEDED = /^(.*)-seed-(\d+)(?:-(?:identity|calibrated|reference))?$/;
/** Bytes of a PNG up to the end of its first chunk's fields. */
const HEADER_BYTES = 26;
const SIGNATURE = '89504e470d0a1a0a';
/** Bits per value, and the colour type of RGB without alpha. */
const [DEPTH, RGB] = [8, 2];

/** Images of one folder: prompt -> seed -> path. */
type Images = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** Folders whose images fit together. */
export interface MatchedFolders extends Pick<FoundFolders, 'names' | 'prompts' | 'seeds'> {
  /** Paths, prompt by prompt and seed by seed. */
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
  readonly spread: readonly string[];
}

/** @throws QschedError (usage): other names or sizes, too few images, images that are no 8-bit RGB PNG, texts that do not fit */
export function matchFolders(request: ReadFoldersRequest): MatchedFolders {
  const reference = imagesOf(request.reference);
  const candidate = imagesOf(request.candidate);
  refuseOtherNames(request, reference, candidate);
  const names = [...reference.keys()].sort();
  if (names.length < LEAST_PROMPTS) {
    throw new QschedError(
      'usage',
      `${request.reference} holds images of ${names.length} prompts: a gate needs at least ${LEAST_PROMPTS} for any verdict.`,
      'Make images of more prompts.',
    );
  }
  const seeds = [...reference.get(names[0]!)!.keys()].sort((a, b) => a - b);
  for (const images of [reference, candidate]) refuseGaps(images, names, seeds);
  refuseNoSpread(request, seeds);
  const matched = {
    names,
    seeds,
    prompts: textsOf(request, names).map((text) => ({ text, nouns: null })),
    reference: names.flatMap((name) => seeds.map((seed) => reference.get(name)!.get(seed)!)),
    candidate: names.flatMap((name) => seeds.map((seed) => candidate.get(name)!.get(seed)!)),
    spread: spreadOf(request, names, seeds.length),
  };
  refuseOtherSizes([...matched.reference, ...matched.candidate, ...matched.spread]);
  return matched;
}

/** Keeps the images, and names them by their hashes. @param checkpoint awaited before each image; throws to stop */
export async function keepFolders(
  request: ReadFoldersRequest,
  artefacts: ArtefactStore,
  checkpoint: () => Promise<void>,
): Promise<FoundFolders> {
  const { reference, candidate, spread, ...matched } = matchFolders(request);
  const keep = async (paths: readonly string[]): Promise<string[]> => {
    const hashes: string[] = [];
    for (const path of paths) {
      await checkpoint();
      hashes.push(artefacts.put(readFileSync(path)));
    }
    return hashes;
  };
  return {
    ...matched,
    reference: await keep(reference),
    candidate: await keep(candidate),
    spread: await keep(spread),
  };
}

function imagesOf(folder: string): Images {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new QschedError('usage', `There is no folder ${folder}.`, 'Give the path of a folder of PNG images.');
  }
  const images = new Map<string, Map<number, string>>();
  for (const file of readdirSync(folder).sort()) {
    if (!/\.png$/i.test(file)) continue;
    const stem = file.slice(0, -'.png'.length);
    const [, name = stem, seed = '0'] = SEEDED.exec(stem) ?? [];
    const own = images.get(name) ?? new Map<number, string>();
    images.set(name, own);
    if (own.has(Number(seed))) {
      throw new QschedError(
        'usage',
        `${folder} has two images of "${name}" with seed ${seed}.`,
        'Put images of each side into a folder of its own.',
      );
    }
    own.set(Number(seed), join(folder, file));
  }
  if (images.size > 0) return images;
  throw new QschedError('usage', `${folder} holds no PNG images.`, 'Give a folder with files such as 001.png.');
}

function refuseOtherNames(request: ReadFoldersRequest, reference: Images, candidate: Images): void {
  const without = (images: Images, others: Images): string[] => [...images.keys()].filter((name) => !others.has(name));
  const [lost, more] = [without(reference, candidate), without(candidate, reference)];
  if (lost.length === 0 && more.length === 0) return;
  const [folder, [name = '']] = lost.length > 0 ? [request.candidate, lost] : [request.reference, more];
  throw new QschedError(
    'usage',
    `The folders hold other names: "${name}" is not in ${folder} (${lost.length + more.length} names are in one of them alone).`,
    'Give images of the same prompt and seed the same name in both folders.',
  );
}

function refuseGaps(images: Images, names: readonly string[], seeds: readonly number[]): void {
  for (const name of names) {
    const own = images.get(name)!;
    if (own.size === seeds.length && seeds.every((seed) => own.has(seed))) continue;
    const path = [...own.values()][0]!;
    throw new QschedError(
      'usage',
      `${path}: "${name}" has the seeds ${[...own.keys()].join(', ')}, and other prompts ${seeds.join(', ')}.`,
      'Give every prompt the same seeds.',
    );
  }
}

/** @throws QschedError (usage) where nothing shows how much the reference differs between seeds, and a margin needs it */
function refuseNoSpread({ bySpread, spread, reference }: ReadFoldersRequest, seeds: readonly number[]): void {
  if (bySpread === null || spread !== null || seeds.length > 1) return;
  throw new QschedError(
    'usage',
    `${bySpread} has no margin, and ${reference} has one image per prompt: how much the reference differs between seeds is not measured.`,
    `Give margins.${bySpread} (--margin ${bySpread}=...), or reference.spread (--spread-images): its images of the same prompts with other seeds.`,
  );
}

/** Images of other seeds, as many of every prompt as the reference has. */
function spreadOf({ spread: folder }: ReadFoldersRequest, names: readonly string[], seeds: number): string[] {
  if (folder === null) return [];
  const images = imagesOf(folder);
  const few = names.find((name) => (images.get(name)?.size ?? 0) < seeds);
  if (few === undefined) return names.flatMap((name) => [...images.get(name)!.values()].slice(0, seeds));
  throw new QschedError(
    'usage',
    `${folder} has ${images.get(few)?.size ?? 0} images of "${few}", and the reference ${seeds}.`,
    'Give it the same names as the reference, with images of other seeds.',
  );
}

/** The texts of the prompts; empty ones where no score reads them. */
function textsOf({ reference, texts, readsPrompts }: ReadFoldersRequest, names: readonly string[]): string[] {
  if (texts !== null) {
    if (texts.length === names.length) return [...texts];
    throw new QschedError(
      'usage',
      `There are ${texts.length} prompts, and images of ${names.length}.`,
      'Give the prompts in the order of the names of the images.',
    );
  }
  if (!readsPrompts) return names.map(() => '');
  const path = join(reference, PROMPTS_FILE);
  const found = readTexts(path);
  return names.map((name) => {
    const text = found[name];
    if (typeof text === 'string') return text;
    throw new QschedError(
      'usage',
      `A score reads the prompts, and ${existsSync(path) ? `${path} has none for "${name}"` : `there is no ${path}`}.`,
      `Write {"${name}": "the prompt", ...} there, give prompts in the order of the names (--prompts FILE), or choose scores of images alone.`,
    );
  });
}

function readTexts(path: string): Readonly<Record<string, unknown>> {
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new QschedError('usage', `${path} is not JSON: ${messageOf(error)}`, 'Write {"name": "the prompt", ...}.');
  }
}

function refuseOtherSizes(paths: readonly string[]): void {
  const [first, ...others] = paths.map((path) => ({ path, size: sizeOf(path) }));
  const other = others.find(({ size }) => size !== first!.size);
  if (other === undefined) return;
  throw new QschedError(
    'usage',
    `The images have other sizes: ${first!.path} has ${first!.size} pixels, and ${other.path} ${other.size}.`,
    'Make all images in one size.',
  );
}

/** `512x768` of a PNG. @throws QschedError (usage) for a file that is no 8-bit RGB PNG */
function sizeOf(path: string): string {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  const isPng = header.subarray(0, SIGNATURE.length / 2).toString('hex') === SIGNATURE;
  const [width, height] = [header.readUInt32BE(16), header.readUInt32BE(20)];
  if (isPng && header[24] === DEPTH && header[25] === RGB) return `${width}x${height}`;
  throw new QschedError(
    'usage',
    `${path} is not a PNG with 8 bits of red, green and blue.`,
    'Save it so, for example with Pillow: image.convert("RGB").save("name.png")',
  );
}
