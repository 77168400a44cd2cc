/**
 * What only the files of this machine can tell of a network and of scorers.
 */
import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { hashOf } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { QschedError } from '../contract/errors.js';
import type {
  DescribedScorer,
  DescribeRequest,
  FoundScorer,
  NetworkDescription,
  NetworkFacts,
} from '../contract/wire/describe.js';
import type { Batches, WireNetwork, WireScorer } from '../contract/wire/network.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { hashFiles } from './models/file-hashes.js';
import { listPrecisions, openModelFolder, REFERENCE_PRECISION, type ModelFolder } from './models/model-folder.js';
import type { NumericClass } from './models/numeric-class.js';
import { referenceBytes } from './models/reference-features.js';
import { plugInScores } from './scorers/installed-scorers.js';
import { declaredScores } from './scorers/plugin.js';
import { openScorerFolder, scorerFingerprint, scorerKind, usesNouns } from './scorers/scorer-folder.js';
import { scorerNotes } from './scorers/scorer-notes.js';
import type { ScorerFolder } from './scorers/scorer-kind.js';

/** How this process computes. */
export interface Device {
  readonly numeric: NumericClass;
  readonly batches: Batches;
  /** Where statistics of real images are put for those who have not the model's files. */
  readonly artefacts?: ArtefactStore;
}

/** `qsched-score-<first 12 of hash(model files, numeric class)>`: who serves it has exactly these. */
export const scoreQueueOf = (files: Readonly<Record<string, string>>, numeric: NumericClass): string =>
  `qsched-score-${hashOf({ files, numeric }).slice(0, 12)}`;

const precisionOf = (precision: string): string => (precision === 'reference' ? REFERENCE_PRECISION : precision);

/**
 * What the files show without being hashed or loaded.
 *
 * @param roots where models are looked for; by default where the environment says
 * @throws QschedError (usage): an unknown model or precision, a folder that lacks a file, options that it does not take
 */
export function inspectNetwork(request: DescribeRequest, roots?: readonly string[]): NetworkFacts {
  const model = openNetwork(request, roots);
  const scorers = request.scorers.map((role): DescribedScorer => {
    try {
      return { ...factsOf(openScorerFolder(role, model, roots)), provenance: {} };
    } catch (error) {
      return missing(role, error);
    }
  });
  return factsOfModel(request, model, scorers, roots);
}

/** The same with fingerprints. @throws QschedError (usage) */
export async function describeNetwork(request: DescribeRequest, device: Device): Promise<NetworkDescription> {
  const { numeric, batches, artefacts } = device;
  const model = openNetwork(request);
  const scorers = await Promise.all(
    request.scorers.map(async (role): Promise<DescribedScorer> => {
      try {
        const folder = openScorerFolder(role, model);
        return { ...factsOf(folder), provenance: { ...(await scorerFingerprint(folder)) } };
      } catch (error) {
        return missing(role, error);
      }
    }),
  );
  const { files, network } = await fingerprint(model, numeric);
  return {
    ...factsOfModel(request, model, scorers),
    version: WIRE_VERSION,
    files,
    numeric: { ...numeric },
    batches,
    preprocessing: {},
    network,
    scoreQueue: scoreQueueOf(files, numeric),
    bytes: model.files.reduce((sum, file) => sum + statSync(join(model.folder, file)).size, 0),
    memoryBytes: totalmem(),
    references: artefacts === undefined ? {} : referencesOf(model, scorers, artefacts),
    notes: [],
  };
}

/** What scorers do with prompts that a reader should know, such as cutting them. */
export function inspectPrompts(
  request: Pick<DescribeRequest, 'model' | 'precision' | 'scorers'> & { readonly texts: readonly string[] },
): string[] {
  const model = openModelFolder(request.model, precisionOf(request.precision));
  return scorerNotes(
    request.scorers.map((role) => openScorerFolder(role, model)),
    request.texts,
  );
}

/**
 * A worker scores with the files that were described, or not at all.
 *
 * @throws QschedError (failure, final) if its files are others, or a scorer has another version
 */
export async function verifyNetwork(
  wire: WireNetwork,
  scorers: readonly Pick<WireScorer, 'role' | 'fingerprint'>[],
  numeric: NumericClass,
): Promise<ModelFolder> {
  const model = openModelFolder(wire.model, wire.precision);
  if ((await fingerprint(model, numeric)).network !== wire.network) throw isOther(`the model "${wire.model}"`);
  for (const { role, fingerprint: expected } of scorers) {
    const folder = openScorerFolder(role, model);
    if (hashOf(await scorerFingerprint(folder)) !== expected) throw isOther(`the scorer "${role}"`);
  }
  return model;
}

const isOther = (what: string): QschedError =>
  new QschedError(
    'failure',
    `The files of ${what} on this worker differ from those that the run was prepared with.`,
    'Restart the workers after changing model files, give every worker the same ones, then resume.',
    true,
  );

function openNetwork({ model: name, precision, options }: DescribeRequest, roots?: readonly string[]): ModelFolder {
  const [given] = Object.keys(options);
  if (given !== undefined) {
    throw new QschedError(
      'usage',
      `The model "${name}" does not take the option ${given}.`,
      'Leave it out: this pipeline runs with its own size and without guidance.',
    );
  }
  return openModelFolder(name, precisionOf(precision), roots);
}

function factsOfModel(
  { model: name, options }: DescribeRequest,
  model: ModelFolder,
  scorers: DescribedScorer[],
  roots?: readonly string[],
): NetworkFacts {
  const precisions = listPrecisions(model.folder);
  return {
    model: name,
    precision: model.precision,
    options,
    pipeline: 'stable-diffusion',
    latentShape: [...model.latentShape],
    schedulerConfig: { ...model.schedulerConfig },
    precisions,
    referencePrecision: precisions.includes(REFERENCE_PRECISION) ? REFERENCE_PRECISION : null,
    scorers,
    pluginScores: plugInScores(roots),
  };
}

function factsOf(scorer: ScorerFolder): Omit<FoundScorer, 'provenance'> {
  const { role, name, kind, names, manifest } = scorer;
  const { hasFeatures, label } = scorerKind(scorer);
  return {
    role,
    name,
    kind,
    names: [...names],
    scores: kind === 'module' || kind === 'http' ? [...declaredScores(manifest)] : [],
    hasFeatures: hasFeatures === true,
    usesNouns: usesNouns(scorer),
    label: label?.(manifest) ?? null,
  };
}

function missing(role: string, error: unknown): DescribedScorer {
  if (error instanceof QschedError && error.code === 'usage') {
    return { role, missing: error.message, hint: error.hint };
  }
  throw error;
}

async function fingerprint(
  model: ModelFolder,
  numeric: NumericClass,
): Promise<{ files: Record<string, string>; network: string }> {
  const files = await hashFiles(model.folder, model.files);
  return { files, network: hashOf({ files, precision: model.precision, numeric }) };
}

/** Statistics of real images, as artefacts, by the scorer whose features they are. */
function referencesOf(
  model: ModelFolder,
  scorers: readonly DescribedScorer[],
  artefacts: ArtefactStore,
): Record<string, string> {
  const references: Record<string, string> = {};
  for (const scorer of scorers) {
    if ('missing' in scorer || !scorer.hasFeatures) continue;
    const bytes = referenceBytes(model.folder, scorer.name);
    if (bytes !== null) references[scorer.name] = artefacts.put(bytes);
  }
  return references;
}
