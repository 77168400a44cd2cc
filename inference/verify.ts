/**
 * Whether a process computes with the files that others expect of it: those of its queues, and those that a run was
 * prepared with.
 */
import { join } from 'node:path';
import { hashOf } from '../artefacts/artefact-keys.js';
import { QschedError } from '../contract/errors.js';
import type { WireNetwork, WireScorer } from '../contract/wire/network.js';
import { fingerprintOf, sizesOf, type Arithmetic } from './fingerprint.js';
import { listPrecisions, openModelFolder } from './models/model-folder.js';
import { findModel } from './models/model-roots.js';
import { openScorerFolder, scorerFingerprint } from './scorers/scorer-folder.js';

/**
 * A worker scores with the files that were described, or not at all.
 *
 * @throws QschedError (failure, final) if its files are others, or a scorer has another version
 */
export async function verifyNetwork(
  { model: name, precision, options, network }: WireNetwork,
  scorers: readonly Pick<WireScorer, 'role' | 'fingerprint'>[],
  arithmetic: Arithmetic,
): Promise<void> {
  const model = openModelFolder(name, precision, undefined, options);
  if ((await fingerprintOf(model, arithmetic)).network !== network) throw isOther(`the model "${name}"`);
  for (const { role, fingerprint } of scorers) {
    const folder = openScorerFolder(role, model);
    if (hashOf(await scorerFingerprint(folder)) !== fingerprint) throw isOther(`the scorer "${role}"`);
  }
}

/** The error for files that changed, or differ between workers. */
export const isOther = (what: string): QschedError =>
  new QschedError(
    'failure',
    `The files of ${what} on this worker differ from those that it started with, or that the run was prepared with.`,
    'Restart the workers after changing model files, give every worker the same ones, then resume.',
    true,
  );

/** The networks that a process can serve. */
export interface ServedNetworks {
  /** A score queue per set of files; models with equal files share one. */
  readonly queues: readonly string[];
  /** Why networks are not served, a sentence each. */
  readonly refused: readonly string[];
  /** Paths of files that must stay as they are while the queues are served. */
  readonly files: readonly string[];
}

/**
 * Queues of models at all their precisions, each once.
 *
 * @throws QschedError (usage) for a model folder that lacks a file
 */
export async function distinctQueues(models: readonly string[], arithmetic: Arithmetic): Promise<ServedNetworks> {
  const queues = new Set<string>();
  const refused: string[] = [];
  const files = new Set<string>();
  for (const name of models) {
    for (const precision of listPrecisions(findModel(name))) {
      const model = openModelFolder(name, precision);
      try {
        sizesOf(model, arithmetic);
      } catch (error) {
        if (!(error instanceof QschedError)) throw error;
        refused.push(`${error.message} ${error.hint}`);
        continue;
      }
      queues.add((await fingerprintOf(model, arithmetic)).scoreQueue);
      for (const file of model.files) files.add(join(model.folder, file));
    }
  }
  return { queues: [...queues], refused, files: [...files] };
}
