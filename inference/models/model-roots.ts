/**
 * Where models and prompt sets are looked for, and what there is.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { isServed } from '../served/served-folder.js';
import { findComponents } from './components.js';

/** The package's own folder, from the sources as from dist/. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) || folder.endsWith('dist')) folder = dirname(folder);
  return folder;
}

/** Folders that hold models: those of QSCHED_MODELS first, then the bundled ones. */
export function modelRoots(): string[] {
  return [
    ...(process.env['QSCHED_MODELS'] ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((root) => resolve(root)),
    join(packageRoot(), 'models'),
  ];
}

/** Folders under the roots that are models, by their names; one whose name a spec cannot hold is left out. */
export function listModels(roots: readonly string[] = modelRoots()): string[] {
  return folders(roots).filter((name) => isPlainName(name) && roots.some((root) => isModel(join(root, name))));
}

/** Whether a folder is meant as a model: it has diffusers' index, a denoiser, or a server. */
export function isModel(folder: string): boolean {
  if (existsSync(join(folder, 'model_index.json')) || isServed(folder)) return true;
  const components = findComponents(folder);
  return components.has('unet') || components.has('transformer');
}

function folders(roots: readonly string[]): string[] {
  const names = roots.flatMap((root) =>
    (isFolder(root) ? readdirSync(root) : []).filter((name) => isFolder(join(root, name))),
  );
  return [...new Set(names)].sort();
}

/** Whether a path is that of a folder. */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Whether a name stays inside the folder that it is looked for in. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);

/**
 * The folder of a model.
 *
 * @throws QschedError (usage) listing what there is; a name that could leave the roots is refused
 */
export const findModel = (name: string, roots: readonly string[] = modelRoots()): string =>
  findFolder(
    name,
    { kind: 'model', isOne: isModel, markers: ['unet/model.onnx', 'transformer/model.onnx', 'server.json'] },
    roots,
  );

/** What is looked for. */
interface Wanted {
  /** What the messages call it. */
  readonly kind: 'model' | 'scorer';
  readonly isOne: (folder: string) => boolean;
  /** Files of which one makes a folder one, for messages. */
  readonly markers: readonly string[];
}

/** @throws QschedError (usage) as `findModel` */
export function findFolder(
  name: string,
  { kind, isOne, markers }: Wanted,
  roots: readonly string[] = modelRoots(),
): string {
  if (!isPlainName(name)) {
    throw new QschedError(
      'usage',
      `"${name}" is not a ${kind} name: a ${kind} is a folder under ${roots.join(', ')}, named without any path.`,
      'Put the folder under QSCHED_MODELS and give its plain name.',
    );
  }
  for (const root of roots) if (isOne(join(root, name))) return join(root, name);
  const half = roots.find((root) => existsSync(join(root, name)));
  if (half !== undefined) {
    throw new QschedError(
      'usage',
      `The folder ${join(half, name)} lacks ${markers.join(' or ')}.`,
      `Export the ${kind} in the diffusers/Optimum ONNX layout.`,
    );
  }
  const known = folders(roots).filter((folder) => roots.some((root) => isOne(join(root, folder))));
  throw new QschedError(
    'usage',
    `There is no ${kind} "${name}".`,
    known.length > 0 ? suggestion(name, known) : `Put ${kind} folders under ${roots.join(' or ')}.`,
  );
}
