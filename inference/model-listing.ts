/**
 * Model folders as `qsched models` lists them: what each is, and what it lacks. A folder that cannot be used is listed with
 * what is wrong with it.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hashOf } from '../artefacts/artefact-keys.js';
import { messageOf, QschedError } from '../contract/errors.js';
import { findComponents } from './models/components.js';
import { hashFiles } from './models/file-hashes.js';
import {
  familyOfFolder,
  listPrecisions,
  openModelFolder,
  referenceOf,
  type ModelFolder,
} from './models/model-folder.js';
import { isFullPrecision } from './models/model-parts.js';
import { isFolder, isModel, isPlainName, modelRoots } from './models/model-roots.js';
import { checkNetwork } from './models/network-file.js';
import { isServed } from './served/served-folder.js';
import { usualSteps, usualType } from './usual-sampling.js';

/** Something that a model folder lacks, and how it is made. */
interface Missing {
  readonly what: string;
  readonly make: string;
}

/** A model folder. */
export interface ListedModel {
  readonly name: string;
  readonly path: string;
  /** The kind of pipeline; null if none fits, or no network can be read. */
  readonly family: string | null;
  /** The scheduler that the folder names; null if it names none that qsched has. */
  readonly scheduler: string | null;
  /** The usual number of steps; null if it is unknown. */
  readonly steps: number | null;
  /** The variants of the denoiser. */
  readonly precisions: readonly string[];
  /** Bytes of all files that determine its images, over all precisions. */
  readonly bytes: number;
  readonly missing: readonly Missing[];
}

/** A folder with the files that its hash is made of. */
export interface InspectedModel {
  readonly listed: ListedModel;
  readonly files: readonly string[];
}

/**
 * The model folders of a place, sorted by name; of equal names, the one in the first root.
 *
 * @param place a model folder, or a folder of model folders; by default the model roots
 * @throws QschedError (usage) if the place is not a folder, or holds no model
 */
export function inspectModels(place?: string): InspectedModel[] {
  const paths = place === undefined ? modelRoots().flatMap(modelsIn) : pathsOf(resolve(place));
  const byName = new Map(paths.toReversed().map((path) => [basename(path), path]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => inspectModel(path));
}

/** sha256 of the names and hashes of all files that determine a model's images; null if it has none. */
export const hashModel = async ({ listed, files }: InspectedModel): Promise<string | null> =>
  files.length === 0 ? null : hashOf(await hashFiles(listed.path, files));

function pathsOf(place: string): string[] {
  if (!isFolder(place)) {
    throw new QschedError('usage', `${place} is not a folder.`, 'Name a model folder, or a folder of model folders.');
  }
  if (seemsModel(place)) return [place];
  const found = modelsIn(place);
  if (found.length > 0) return found;
  throw new QschedError(
    'usage',
    `${place} holds no model folder.`,
    `Export one: python tools/export_model.py CHECKPOINT ${join(place, 'my-model')}`,
  );
}

const modelsIn = (root: string): string[] =>
  (isFolder(root) ? readdirSync(root) : [])
    .map((name) => join(root, name))
    .filter((path) => isFolder(path) && seemsModel(path));

/** Also a folder that lacks its denoiser. */
const seemsModel = (folder: string): boolean => isModel(folder) || findComponents(folder).size > 0;

function inspectModel(path: string): InspectedModel {
  const name = basename(path);
  const missing: Missing[] = [];
  if (!isPlainName(name)) {
    const what = `"${name}" cannot be the name of a model: use letters, digits, ".", "_" and "-"`;
    missing.push({ what, make: `mv '${path}' '${join(dirname(path), plainName(name))}'` });
  }
  const precisions = attempt(() => listPrecisions(path), missing) ?? [];
  const [one] = precisions;
  const family = one === undefined ? null : attempt(() => familyOfFolder(path, one), missing);
  const opened = isPlainName(name) && family !== null ? openAll(path, precisions, missing) : [];
  const [first] = opened;
  const scheduler = first === undefined ? null : attempt(() => usualType(first), missing);
  const files = [...new Set(opened.flatMap((model) => model.files))].sort();
  if (one !== undefined) missing.push(...unexported(path, precisions));
  return {
    listed: {
      name,
      path,
      family,
      scheduler,
      steps: first === undefined ? null : usualSteps(first),
      precisions,
      bytes: files.reduce((sum, file) => sum + statSync(join(path, file)).size, 0),
      missing: missing.filter(({ what }, i) => missing.findIndex((one) => one.what === what) === i),
    },
    files,
  };
}

/** The folder at every precision that can be used; why another one cannot is put into `missing`. */
function openAll(path: string, precisions: readonly string[], missing: Missing[]): ModelFolder[] {
  return precisions.flatMap((precision) => {
    const model = attempt(() => {
      const opened = openModelFolder(basename(path), precision, [dirname(path)]);
      for (const network of opened.networks) checkNetwork(path, network);
      return opened;
    }, missing);
    return model === null ? [] : [model];
  });
}

function attempt<T>(body: () => T, missing: Missing[]): T | null {
  try {
    return body();
  } catch (error) {
    missing.push({ what: messageOf(error), make: error instanceof QschedError ? error.hint : '' });
    return null;
  }
}

/** What a search needs a quantised network for, and its control a full-precision one. */
function unexported(path: string, precisions: readonly string[]): Missing[] {
  const reference = referenceOf(precisions);
  const quantised = precisions.filter((one) => !isFullPrecision(one));
  return [
    ...(reference === null
      ? [
          {
            what: 'no full-precision network (fp32 or fp16), which --control, --start match, PTQD and qsched match need',
            make: isServed(path)
              ? 'have the server describe a precision "fp32" or "fp16"'
              : `python tools/export_model.py CHECKPOINT ${path}`,
          },
        ]
      : []),
    ...(quantised.length === 0
      ? [
          {
            what: 'no quantised network',
            make: isServed(path)
              ? 'add one to the precisions that its server describes (docs/model-servers.md)'
              : `python tools/quantise_model.py ${path} --to w8a8,w4a8`,
          },
        ]
      : []),
  ];
}

const plainName = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'my-model';
