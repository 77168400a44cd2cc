/**
 * Whether a process computes with the files that others expect of it: those of its queues, and those that a run was
 * prepared with.
 */
import { join } from 'node:path';
import { hashOf } from '../artefacts/artefact-keys.js';
import { QschedError } from '../contract/errors.js';
import type { WirePairScore } from '../contract/wire/compare.js';
import type { WireNetwork, WireScorer } from '../contract/wire/network.js';
import { fingerprintOf, sizesOf, type Arithmetic } from './fingerprint.js';
import { hashAhead } from './models/hash-ahead.js';
import { listPrecisions, openModelFolder, type ModelFolder } from './models/model-folder.js';
import { findModel } from './models/model-roots.js';
import { isSamePairScore } from './scorers/pair-fingerprint.js';
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

/**
 * The same of pairwise scores. The network is that whose model's roles count; it need not be the one that is compared.
 *
 * @throws QschedError (failure, final) as `verifyNetwork`
 */
export async function verifyPairScores(
  network: WireNetwork | null,
  scores: readonly WirePairScore[],
  arithmetic: Arithmetic,
): Promise<void> {
  if (network !== null) await verifyNetwork(network, [], arithmetic);
  for (const score of scores) {
    if (!(await isSamePairScore(score, network))) throw isOther(`the scorer of "${score.name}"`);
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

/** Models at all their precisions, and why some of them are not served: what cannot be served leaves the rest served. */
function servable(
  models: readonly string[],
  arithmetic: Arithmetic,
): { readonly folders: readonly ModelFolder[]; readonly refusals: readonly QschedError[] } {
  const folders: ModelFolder[] = [];
  const refusals: QschedError[] = [];
  for (const name of models) {
    for (const open of networksOf(name)) {
      try {
        const model = open();
        sizesOf(model, arithmetic);
        folders.push(model);
      } catch (error) {
        if (!(error instanceof QschedError)) throw error;
        refusals.push(error);
      }
    }
  }
  return { folders, refusals };
}

/** Opens a model at each of its precisions; a folder without networks fails once. */
function networksOf(name: string): (() => ModelFolder)[] {
  try {
    return listPrecisions(findModel(name)).map((precision) => () => openModelFolder(name, precision));
  } catch (error) {
    return [
      () => {
        throw error;
      },
    ];
  }
}

const pathsOf = (folders: readonly ModelFolder[]): string[] => [
  ...new Set(folders.flatMap(({ folder, files }) => files.map((file) => join(folder, file)))),
];

/**
 * Hashes the large files of models that can be served, so that processes that serve them find the hashes and are ready
 * at once.
 *
 * @param say receives the progress, if it takes long
 */
export const hashServed = (
  models: readonly string[],
  arithmetic: Arithmetic,
  say: (line: string) => void,
): Promise<void> => hashAhead(pathsOf(servable(models, arithmetic).folders), say);

/**
 * Queues of models at all their precisions, each once. What cannot be served leaves the rest served.
 *
 * @param say receives the progress of hashing, if it takes long
 * @throws QschedError (usage) if none of the models can be read
 */
export async function distinctQueues(
  models: readonly string[],
  arithmetic: Arithmetic,
  say: (line: string) => void = () => undefined,
): Promise<ServedNetworks> {
  const { folders, refusals } = servable(models, arithmetic);
  if (folders.length === 0 && refusals.every(({ code }) => code === 'usage')) {
    const [first] = refusals;
    if (first !== undefined) throw first;
  }
  const files = pathsOf(folders);
  await hashAhead(files, say);
  const queues = new Set<string>();
  for (const model of folders) queues.add((await fingerprintOf(model, arithmetic)).scoreQueue);
  return {
    queues: [...queues],
    refused: [...new Set(refusals.map(({ message, hint }) => `not served: ${message} ${hint}`))],
    files,
  };
}
