/**
 * Watches the files of served models. Workers hash and load them once, so a file that is replaced takes effect only when
 * the workers are restarted.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileStamp } from '../../inference/models/file-hashes.js';
import { findModel } from '../../inference/models/model-roots.js';

const LOOK_MILLISECONDS = 2000;

/** Says once per model that its files changed. @returns a function that stops watching */
export function watchModels(
  models: readonly string[],
  say: (line: string) => void,
  milliseconds = LOOK_MILLISECONDS,
): () => void {
  const folders = models.map((model) => [model, findModel(model)] as const);
  const stamps = new Map(folders.map(([model, folder]) => [model, stampOf(folder)]));
  const timer = setInterval(() => {
    for (const [model, folder] of folders) {
      if (!stamps.has(model) || stampOf(folder) === stamps.get(model)) continue;
      stamps.delete(model);
      say(`model files of ${model} changed: restart this command to use them`);
    }
  }, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/** Names, sizes and times of all files of a folder; empty if it is gone, or being replaced. */
function stampOf(folder: string): string {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => fileStamp(join(entry.parentPath, entry.name)))
      .sort()
      .join('\n');
  } catch {
    return '';
  }
}
