/**
 * What only the files of this machine can tell of a network and of scorers.
 */
import { join } from 'node:path';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { QschedError } from '../contract/errors.js';
import type {
  DescribedScorer,
  DescribeRequest,
  FoundScorer,
  NetworkDescription,
  NetworkFacts,
} from '../contract/wire/describe.js';
import type { PipelineOptions } from '../contract/wire/network.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { fingerprintOf, sizesOf, type Arithmetic } from './fingerprint.js';
import { modelDefaults } from './model-defaults.js';
import { openModelFolder, referenceOf, type ModelFolder } from './models/model-folder.js';
import { checkNetwork } from './models/network-file.js';
import { modelTokenizers } from './models/model-tokenizers.js';
import { readGraph } from './models/onnx-graph.js';
import { referenceBytes } from './models/reference-features.js';
import { readsText } from './pipelines/pipeline-kind.js';
import { cutNotes, longestTexts } from './prompts/cut-note.js';
import { plugInScores } from './scorers/installed-scorers.js';
import { declaredScores } from './scorers/plugin.js';
import { openScorerFolder, scorerFingerprint, scorerKind, usesNouns } from './scorers/scorer-folder.js';
import { scorerNotes } from './scorers/scorer-notes.js';
import type { ScorerFolder } from './scorers/scorer-kind.js';
import { isOther } from './verify.js';

/** What a description needs beside files. */
export interface DescribeOptions extends Arithmetic {
  /** Where statistics of real images are put for those who do not have the model's files. */
  readonly artefacts?: ArtefactStore;
  /** The score queues that this process serves; by default they are not compared. */
  readonly queues?: readonly string[];
}

/**
 * What the files show without being hashed or loaded.
 *
 * @param roots where models are looked for; by default where the environment says
 * @throws QschedError (usage): an unknown model or precision, a folder that lacks a file, options that it does not take,
 *   a network whose inputs do not fit
 */
export function inspectNetwork(request: DescribeRequest, roots?: readonly string[]): NetworkFacts {
  const model = openNetwork(request, roots);
  const scorers = request.scorers.map((role): DescribedScorer => {
    try {
      return { ...factsOf(openScorer(role, model, roots)), provenance: {} };
    } catch (error) {
      return missing(role, error);
    }
  });
  return factsOfModel(request, model, scorers, roots);
}

/**
 * The same with fingerprints.
 *
 * @throws QschedError: (usage) as `inspectNetwork`; (failure, final) a model that does not fit in the memory here, or
 *   files that changed since this process started
 */
export async function describeNetwork(
  request: DescribeRequest,
  { artefacts, queues, ...arithmetic }: DescribeOptions,
): Promise<NetworkDescription> {
  const model = openNetwork(request);
  const sizes = sizesOf(model, arithmetic);
  const fingerprint = await fingerprintOf(model, arithmetic);
  if (queues !== undefined && !queues.includes(fingerprint.scoreQueue)) throw isOther(`the model "${request.model}"`);
  const scorers = await Promise.all(
    request.scorers.map(async (role): Promise<DescribedScorer> => {
      try {
        const folder = openScorer(role, model);
        return { ...factsOf(folder), provenance: { ...(await scorerFingerprint(folder)) } };
      } catch (error) {
        return missing(role, error);
      }
    }),
  );
  return {
    ...factsOfModel(request, model, scorers),
    version: WIRE_VERSION,
    ...fingerprint,
    ...sizes,
    references: artefacts === undefined ? {} : referencesOf(model, scorers, artefacts),
    notes: [
      ...(model.notes ?? []),
      ...model.networks.filter(({ file }) => readGraph(join(model.folder, file)).rowsDepend).map(noteOf),
    ],
  };
}

const noteOf = ({ file }: { readonly file: string }): string =>
  `${file} quantises activations over all rows of a call (DynamicQuantizeLinear): it computes one row per call, so that ` +
  'a score does not depend on the other rows.';

/** What the model and scorers do with prompts that a reader should know, such as cutting them. */
export function inspectPrompts(
  request: Pick<DescribeRequest, 'model' | 'precision' | 'scorers'> & {
    readonly texts: readonly string[];
    readonly options?: PipelineOptions | undefined;
  },
): string[] {
  const model = openModelFolder(request.model, request.precision, undefined, request.options);
  // Prompts of a model that reads no text only name noise.
  if (!readsText(model)) return [];
  return [
    ...modelNotes(model, request.texts),
    ...scorerNotes(
      request.scorers.map((role) => openScorerFolder(role, model)),
      request.texts,
    ),
  ];
}

/** One sentence per tokenizer of the model that cuts captions. */
function modelNotes(model: ModelFolder, texts: readonly string[]): string[] {
  const longest = longestTexts(texts);
  return modelTokenizers(model).flatMap((reader) =>
    cutNotes(`The model's ${reader.name}`, reader, longest, texts.length),
  );
}

function openNetwork({ model: name, precision, options }: DescribeRequest, roots?: readonly string[]): ModelFolder {
  const model = openModelFolder(name, precision, roots, options);
  for (const network of model.networks) checkNetwork(model.folder, network);
  return model;
}

function openScorer(role: string, model: ModelFolder, roots?: readonly string[]): ScorerFolder {
  const scorer = openScorerFolder(role, model, roots);
  for (const network of scorer.networks) checkNetwork(scorer.folder, network);
  return scorer;
}

function factsOfModel(
  { options }: DescribeRequest,
  model: ModelFolder,
  scorers: DescribedScorer[],
  roots?: readonly string[],
): NetworkFacts {
  const { name, precision, precisions, pipeline, latentShape, schedulerConfig, modelIndex } = model;
  return {
    model: name,
    precision,
    options,
    pipeline,
    ...(readsText(model) ? {} : { unconditional: true as const }),
    latentShape: [...latentShape],
    schedulerConfig: { ...schedulerConfig },
    modelIndex: { ...modelIndex },
    precisions: [...precisions],
    referencePrecision: referenceOf(precisions),
    scorers,
    defaults: modelDefaults(model, roots),
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
