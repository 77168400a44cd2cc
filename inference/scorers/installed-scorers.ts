/**
 * Every scorer folder under the model roots with its scores. Folders are only read: no module is run, and no server is
 * asked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCORE_TABLE, type Direction, type Judges } from '../../metrics/scores/score-table.js';
import { messageOf } from '../../contract/errors.js';
import { isFolder, isPlainName, modelRoots } from '../models/model-roots.js';
import { declaredScores } from './plugin.js';
import { isScorer, openScorerFolder } from './scorer-folder.js';
import type { ScorerFolder } from './scorer-kind.js';

/** A score of an installed scorer. */
export interface InstalledScore {
  /** As an objective's weights name it: `score@folder`. */
  readonly score: string;
  readonly judges: Judges;
  readonly better: Direction;
}

/** A scorer folder. */
export interface InstalledScorer {
  readonly scorer: string;
  readonly folder: string;
  /** null if the folder cannot be used. */
  readonly kind: string | null;
  /** Empty for a scorer that has features only. */
  readonly scores: readonly InstalledScore[];
  /** Why it cannot be used; null if it can. */
  readonly problem: string | null;
}

/** All scorer folders by name; of equal names, the one in the first root. */
export function installedScorers(roots: readonly string[] = modelRoots()): InstalledScorer[] {
  const found = new Map<string, string>();
  for (const root of roots) {
    for (const name of namesIn(root)) {
      const folder = join(root, name);
      if (!found.has(name) && isScorer(folder)) {
        found.set(name, folder);
      }
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, folder]) => read(name, folder, roots));
}

/** Scores of modules and servers as weights may name them; folders that cannot be used are left out. */
export const plugInScores = (roots?: readonly string[]): string[] =>
  installedScorers(roots)
    .filter(({ kind }) => kind === 'module' || kind === 'http')
    .flatMap(({ scores }) => scores.map(({ score }) => score));

function namesIn(root: string): string[] {
  if (!isFolder(root)) return [];
  return readdirSync(root).filter(isPlainName);
}

function read(name: string, folder: string, roots: readonly string[]): InstalledScorer {
  try {
    const opened = openScorerFolder(name, { scorers: {} }, roots);
    return { scorer: name, folder, kind: opened.kind, scores: scoresOf(opened), problem: null };
  } catch (error) {
    return { scorer: name, folder, kind: null, scores: [], problem: messageOf(error) };
  }
}

function scoresOf({ name, folder, manifest, names }: ScorerFolder): InstalledScore[] {
  const declared = declaredScores(manifest, folder);
  if (declared.length > 0) {
    return declared.map(({ name: score, judges, direction: better }) => ({
      score: `${score}@${name}`,
      judges,
      better,
    }));
  }
  return Object.entries(SCORE_TABLE).flatMap(([score, { term, judges, direction: better }]) =>
    names.includes(term) ? [{ score: `${score}@${name}`, judges, better }] : [],
  );
}
