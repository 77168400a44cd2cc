/**
 * Networks and scorers of a process: a network is shared by all jobs that need it, and so is a scorer. Each is known by
 * its files as they are now: after a change on disk they are opened anew, since what was hashed is what must compute.
 */
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { WireNetwork } from '../../contract/wire/network.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import { planMemory } from '../memory-plan.js';
import { batchesOf } from '../models/batches.js';
import { fileStamp } from '../models/file-hashes.js';
import { openModelFolder, type ModelFolder } from '../models/model-folder.js';
import { memoryOf } from '../models/numeric-class.js';
import { openPipeline, type DeviceOptions } from '../pipelines/open-pipeline.js';
import { NO_ROLES, openScorerFolder, scorerKind } from '../scorers/scorer-folder.js';
import type { Scorer } from '../scorers/scorer.js';
import { createGenerator, type Generator } from './generate-blocks.js';
import { Held } from './held.js';
import { keptTexts } from './kept-texts.js';

const MAX_NETWORKS = 3;
const MAX_SCORERS = 8;
/** Rows per call of a scorer of images whose size is not known beforehand. */
const FEW = 4;
/** Share of the memory below which text encoders are released after use. */
const LOW_MEMORY = 0.1;

/** How networks and scorers are opened. */
export interface EngineOptions extends DeviceOptions {
  /** Bytes of memory that the plan of networks reckons with; by default what the device has. */
  readonly memoryBytes?: number;
}

export interface EngineParts {
  /** A network with what is remembered of its calls. */
  generator(network: NamedNetwork): Promise<Generator>;
  /** A scorer, by its role in the model's folder or by its own folder's name; without a network by the latter alone. */
  scorer(network: NamedNetwork | null, role: string): Promise<Scorer>;
  /** Starts a job: what only earlier jobs used may be released. */
  nextJob(): void;
}

/** A network by its name. */
export type NamedNetwork = Pick<WireNetwork, 'model' | 'precision' | 'options'>;

/** Parts of which nothing is open yet. @param artefacts where embeddings are kept, if anywhere */
export function engineParts({ memoryBytes, ...options }: EngineOptions, artefacts?: () => ArtefactStore): EngineParts {
  const networks = new Held<Generator & { release(): Promise<void> }>(MAX_NETWORKS);
  const scorers = new Held<Scorer>(MAX_SCORERS);
  return {
    async generator(network) {
      const model = folderOf(network);
      const key = JSON.stringify([model.folder, model.precision, network.options, stampsOf(model)]);
      return networks.get(key, async () => {
        const late = planMemory(model, options, memoryBytes ?? memoryOf(options.device)).takesTurns;
        const pipeline = await openPipeline(model, { ...options, late });
        const mayRelease = (): boolean => late || isMemoryLow();
        const texts = await keptTexts(model, options, artefacts);
        return Object.assign(createGenerator(pipeline, mayRelease, undefined, texts), {
          release: () => pipeline.release(),
        });
      });
    },
    async scorer(network, role) {
      const model = network === null ? null : folderOf(network);
      const folder = openScorerFolder(role, model ?? NO_ROLES);
      const batch = model === null ? (options.batch ?? FEW) : batchesOf(model, options.batch).scorer;
      const key = JSON.stringify([role, folder.folder, batch, stampsOf(folder)]);
      return scorers.get(key, () => scorerKind(folder).open(folder, { ...options, batch }));
    },
    nextJob() {
      networks.nextJob();
      scorers.nextJob();
    },
  };
}

const folderOf = ({ model, precision, options }: NamedNetwork): ModelFolder =>
  openModelFolder(model, precision, undefined, options);

const stampsOf = ({ folder, files }: { readonly folder: string; readonly files: readonly string[] }): string[] =>
  files.map((file) => fileStamp(join(folder, file)));

function isMemoryLow(): boolean {
  const all = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return process.availableMemory() < LOW_MEMORY * all;
}
