/**
 * The files of a `module` scorer: which they are, whether they stay in their folder, and loading them.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, posix, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canonicalJson } from '../../contract/canonical-json.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { hashFiles } from '../models/file-hashes.js';
import type { PluginScorer } from './plugin.js';

const CODE = /\.(js|mjs)$/;
/** Files that code names by a relative path: imports, and URLs from import.meta.url. */
const RELATIVE = /(?:\bfrom|\bimport|\bURL)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** Code imported by modules of this thread, and its hash: Node keeps it until the thread ends. */
const imported = new Map<string, string>();

/**
 * A path of scorer.json, relative to its folder, in one spelling.
 *
 * @throws QschedError (usage) if it leaves the folder
 */
export function insideFolder(path: string, field: string, folder: string): string {
  const plain = posix.normalize(path);
  if (
    path === '' ||
    isAbsolute(path) ||
    path.includes('\\') ||
    plain.endsWith('/') ||
    plain === '.' ||
    plain.split('/').includes('..')
  ) {
    throw new QschedError(
      'usage',
      `${join(folder, 'scorer.json')}: ${field} is ${JSON.stringify(path)}: must be a file inside the scorer's folder.`,
      'Put the file beside scorer.json and give its relative path, as in "./score.js".',
    );
  }
  return plain;
}

/**
 * Checks that every name is a file, and that the code imports nothing from the folder that is not hashed.
 *
 * @throws QschedError (usage)
 */
export function checkModuleFiles(folder: string, files: readonly string[]): void {
  for (const file of files) {
    const path = join(folder, file);
    if (!statSync(path).isFile()) {
      throw new QschedError('usage', `${path} is not a file.`, 'Name every file on its own in scorer.json.');
    }
    if (!CODE.test(file)) continue;
    if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) {
      throw new QschedError('usage', `${path} is a link out of the scorer's folder.`, 'Copy the file into the folder.');
    }
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(RELATIVE)) {
      const named = posix.normalize(posix.join(posix.dirname(file), specifier!));
      if (!files.includes(named)) {
        throw new QschedError(
          'usage',
          `${path} uses ${specifier!}, which is not hashed.`,
          `Add "./${named}" to "files" in scorer.json: what changes a score must change its key.`,
        );
      }
    }
  }
}

/**
 * Imports the module anew whenever one of the files has changed.
 *
 * @throws QschedError (usage) if it cannot be loaded or exports no scorer; (failure) if a file that it imports
 *   has changed since
 */
export async function loadPlugin(folder: string, module: string, files: readonly string[]): Promise<PluginScorer> {
  const path = join(folder, module);
  const hashes = await hashFiles(folder, files);
  for (const file of files.filter((one) => one !== module && CODE.test(one))) {
    const key = join(folder, file);
    const before = imported.get(key);
    if (before !== undefined && before !== hashes[file]) {
      throw new QschedError('failure', `${key} has changed since this worker loaded it.`, 'Restart the workers.');
    }
    imported.set(key, hashes[file]!);
  }
  let exported: unknown;
  try {
    const sha256 = createHash('sha256').update(canonicalJson(hashes)).digest('hex');
    exported = ((await import(`${pathToFileURL(path).href}?sha256=${sha256}`)) as { scorer?: unknown }).scorer;
  } catch (error) {
    throw new QschedError('usage', `${path} cannot be loaded: ${messageOf(error)}`, `Try it alone: node ${path}`);
  }
  if (
    typeof exported !== 'object' ||
    exported === null ||
    typeof (exported as Partial<PluginScorer>).score !== 'function'
  ) {
    throw new QschedError(
      'usage',
      `${path} exports no scorer.`,
      'Export it: export const scorer = { score({ images, prompts }) { ... } }; see docs/scorers.md.',
    );
  }
  return exported as PluginScorer;
}
