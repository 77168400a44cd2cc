/**
 * A model by its path: the folder's parent joins the model roots of this command and of the processes that it starts, and
 * the folder's plain name stands for it everywhere else.
 */
import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { isFolder, isModel, isPlainName, modelRoots } from '../../inference/models/model-roots.js';

/** Name -> folder of the models that this command was given by their paths. */
const given = new Map<string, string>();

/** Whether a text is a path: a name has neither slashes nor a dot at its start. */
const isPath = (text: string): boolean => /[/\\]|^\.{1,2}$|^~/.test(text);

/**
 * The name of a model that was given by name or path.
 *
 * @param base the folder that relative paths start from
 * @throws QschedError (usage): no such folder, a folder that a spec cannot name, or one whose name is another model's
 */
export function plainModel(text: string, base = process.cwd()): string {
  if (!isPath(text)) return text;
  const folder = resolve(base, text);
  const name = basename(folder);
  if (!isFolder(folder)) {
    throw new QschedError('usage', `There is no folder ${folder}.`, 'Name a model, or the path of its folder.');
  }
  if (!isPlainName(name)) {
    throw new QschedError(
      'usage',
      `The folder's name "${name}" cannot be that of a model: use letters, digits, ".", "_" and "-".`,
      'Rename the folder, or make a link to it that has another name.',
    );
  }
  joinRoots(name, folder);
  given.set(name, folder);
  return name;
}

/** The models that were given by their paths. */
export const givenModels = (): ReadonlyMap<string, string> => given;

/** How another command names a model: by its path if it was given by one. */
export const modelArgument = (name: string): string => given.get(name) ?? name;

/** @throws QschedError (usage) if the name is another model's already */
export function joinRoots(name: string, folder: string): void {
  const root = dirname(folder);
  const roots = modelRoots();
  const other = roots.map((one) => join(one, name)).find((one) => isModel(one) && !isSame(one, folder));
  if (other !== undefined) {
    throw new QschedError(
      'usage',
      `"${name}" is the model ${other} already, so ${folder} cannot have this name too.`,
      'Rename one of the folders, or make a link that has another name.',
    );
  }
  if (roots.some((one) => isSame(join(one, name), folder))) return;
  if (root.includes(delimiter)) {
    throw new QschedError(
      'usage',
      `The path ${root} holds "${delimiter}", which separates the folders of QSCHED_MODELS.`,
      'Rename that folder, or make a link to it.',
    );
  }
  process.env['QSCHED_MODELS'] = [process.env['QSCHED_MODELS'], root].filter(Boolean).join(delimiter);
}

const isSame = (one: string, other: string): boolean =>
  isFolder(one) && isFolder(other) && realpathSync(one) === realpathSync(other);
