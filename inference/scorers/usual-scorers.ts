/**
 * Scorers of a model whose qsched.json names none: the CLIPs that the user installed. The bundled scorers know the bundled
 * models' images alone, so that only those models name them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isFolder, isPlainName, modelRoots, packageRoot } from '../models/model-roots.js';
import { readJson } from '../models/folder-files.js';
import { CLIP_FILES } from './clip-folder.js';

/** Names that come first; the others follow in the order of the alphabet. */
const FIRST = ['objective', 'clip-score', 'clip'];
/** Kinds with CLIPScore and CLIP-IQA; a folder without scorer.json is one of them. */
const KINDS = ['clip', 'clip-score'];

/** Roots of the user's own folders. */
export const ownRoots = (roots: readonly string[] = modelRoots()): string[] =>
  roots.filter((root) => root !== join(packageRoot(), 'models'));

/** Names of the CLIP folders under the user's own model roots, the objective's first. */
export function usualScorers(roots?: readonly string[]): string[] {
  const names = ownRoots(roots).flatMap((root) =>
    (isFolder(root) ? readdirSync(root) : []).filter((name) => isPlainName(name) && isClip(join(root, name))),
  );
  const place = (name: string): number => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

function isClip(folder: string): boolean {
  if (!CLIP_FILES.every((file) => existsSync(join(folder, file)))) return false;
  if (!existsSync(join(folder, 'scorer.json'))) return true;
  const { kind } = readJson(folder, 'scorer.json') as { kind?: unknown };
  return kind === undefined || KINDS.some((one) => one === kind);
}
