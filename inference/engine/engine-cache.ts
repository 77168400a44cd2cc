/**
 * Loaded engines, the last few: by what they are of, and by what their files are now.
 */
import { join } from 'node:path';
import { fileStamp } from '../models/file-hashes.js';
import { openModelFolder } from '../models/model-folder.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { openScorerFolder } from '../scorers/scorer-folder.js';
import type { EngineIdentity } from './engine-identity.js';
import { openScoringEngine, type ScoringEngine } from './scoring-engine.js';

const MAX_ENGINES = 3;

/**
 * Opens an engine, or hands back the one that is open. Files that changed on disk need one of their own: what was
 * hashed is what must score.
 */
export function openEngineCache(options: SessionOptions): (identity: EngineIdentity) => Promise<ScoringEngine> {
  const engines = new Map<string, Promise<ScoringEngine>>();
  return (identity) => {
    const model = openModelFolder(identity.model, identity.precision);
    const scorers = identity.scorers.map((role) => openScorerFolder(role, model));
    const key = JSON.stringify([identity, stampOf(model), scorers.map(stampOf)]);
    const found = engines.get(key);
    if (found) return found;
    const made = openScoringEngine(model, scorers, options);
    made.catch(() => engines.delete(key));
    engines.set(key, made);
    if (engines.size > MAX_ENGINES) {
      const [oldest, engine] = engines.entries().next().value!;
      engines.delete(oldest);
      void engine.then((e) => e.release());
    }
    return made;
  };
}

const stampOf = ({ folder, files }: { readonly folder: string; readonly files: readonly string[] }): string[] =>
  files.map((file) => fileStamp(join(folder, file)));
