/**
 * A plug-in score in JavaScript: scorer.json declares it, an ESM module beside it computes it on
 * the worker's scoring thread. All its files are hashed into every key.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { checkModuleFiles, insideFolder, loadPlugin } from './plugin-module.js';
import { declaredScores, DeclaredScores, parseManifest, rowsOfColumns } from './plugin.js';
import type { Scorer } from './scorer.js';
import type { ScorerFolder, ScorerKind } from './scorer-kind.js';

const Manifest = z.strictObject({
  kind: z.literal('module'),
  /** Raised by the author whenever the numbers change for a reason that no file shows, such as a package's version. */
  version: z.string('must be a text, such as "1"').min(1, 'must not be empty').max(64, 'takes at most 64 characters'),
  module: z
    .string('must be the path of a file, such as "./score.js"')
    .regex(/\.(js|mjs)$/, 'must be an ES module, .js or .mjs'),
  files: z.array(z.string('must be a path'), 'must be a list of paths').max(256, 'takes at most 256 files').default([]),
  scores: DeclaredScores,
});

/** The module first, then what else is hashed. */
function filesOf(manifest: Readonly<Record<string, unknown>>, folder: string): string[] {
  const { module, files } = parseManifest(Manifest, manifest, folder);
  return [
    ...new Set([
      insideFolder(module, 'module', folder),
      ...files.map((file, i) => insideFolder(file, `files.${i}`, folder)),
    ]),
  ];
}

/** An ESM module that exports a `PluginScorer`. */
export const moduleScorer: ScorerKind = {
  version: 'module-1',
  files: [],
  make: 'docs/scorers.md describes scorer.json and the module.',
  moreFiles: filesOf,
  check(manifest, folder) {
    checkModuleFiles(folder, filesOf(manifest, folder));
    return declaredScores(manifest, folder).map(({ name }) => name);
  },
  open: openModule,
};

async function openModule({ role, folder, manifest, names }: ScorerFolder, { batch }: SessionOptions): Promise<Scorer> {
  const files = filesOf(manifest, folder);
  const path = join(folder, files[0]!);
  const plugin = await loadPlugin(folder, files[0]!, files);
  const complaint = (what: string): QschedError =>
    new QschedError('failure', `${path}: ${what}.`, 'Correct the module; nothing of this batch is stored.');
  return {
    role,
    names,
    async score(images, checkpoint) {
      const rows: Float64Array[] = [];
      for (let start = 0; start < images.length; start += batch) {
        const slice = images.slice(start, start + batch);
        let columns: unknown;
        try {
          columns = await plugin.score({
            images: slice.map(({ image }) => image),
            prompts: slice.map(({ text }) => text),
          });
        } catch (error) {
          throw complaint(`score() threw: ${messageOf(error)}`);
        }
        rows.push(...rowsOfColumns(columns, names, slice.length, complaint));
        await checkpoint?.();
      }
      return rows;
    },
    release: async () => {
      await plugin.release?.();
    },
  };
}
