/** Shards with a counted pipeline and scorer: an image's bytes are the number in its prompt, its seed, and 0. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { decodeShard, type BlockRecord } from '../../artefacts/shard-record.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { createGenerator, type Generator } from '../../inference/engine/generate-blocks.js';
import { renderShard } from '../../inference/engine/render-shard.js';
import type { Pair } from '../../inference/engine/sampling-loop.js';
import type { RenderJob, RenderTools } from '../../inference/engine/shard-context.js';
import type { Scorer } from '../../inference/scorers/scorer.js';
import { fakePipeline } from './fake-pipeline.js';

export const BATCH = 4;
export const SEEDS = [1, 2];
export const NAMES = ['cosine', 'clip-iqa.quality'];
/** One step that returns the network's output: x' = m. */
export const SCHEDULE: WireSchedule = {
  scheduler: 'tcd',
  initNoiseSigma: 1,
  steps: [{ kind: 'fused', timestep: 999, inputScale: 1, a: 0, b: 1, d: 0, n: 0 }],
};

export const nameOf = ({ text, seed }: Pair): string => `${text}/${seed}`;

/** Prompts 0, 1, ... with every seed. */
export const pairsOf = (prompts: number): Pair[] =>
  Array.from({ length: prompts }, (_, p) => SEEDS.map((seed) => ({ text: String(p), seed, nouns: null }))).flat();

/** A shard as it is usually asked for. */
export const jobOf = (pairs: readonly Pair[], own: Partial<RenderJob> = {}): RenderJob => ({
  network: 'network',
  schedule: SCHEDULE,
  pairs,
  scorers: [{ role: 'objective', fingerprint: 'clip', names: NAMES }],
  features: { role: 'objective', fingerprint: 'clip' },
  retryFailed: false,
  ...own,
});

/** A folder, and what makes shards in it. */
export class ShardBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'qsched-render-'));
  readonly artefacts: ArtefactStore = openArtefactFolder(this.folder);
  counts = { opened: 0, generated: [] as string[], scored: 0, featured: 0 };
  /** Images that fail. */
  readonly broken = new Set<string>();
  /** Prompts whose images the scorer fails on. */
  readonly unscored = new Set<number>();
  /** Prompts whose images have a feature that is not finite. */
  readonly featureless = new Set<number>();
  /** Calls of the denoiser until it breaks down. */
  calls = Infinity;

  /** Forgets what was counted. */
  recount(): void {
    this.counts = { opened: 0, generated: [], scored: 0, featured: 0 };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Paths of all objects. */
  objects(): string[] {
    return readdirSync(join(this.folder, 'objects'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  blocksOf(record: string): readonly BlockRecord[] {
    return decodeShard(this.artefacts.get(record)!)!;
  }

  /** The scorer reads its terms off the image: prompt / 100 and seed / 10. */
  scorer(role: string): Scorer {
    return {
      role,
      names: NAMES,
      score: async (images) => {
        this.counts.scored += images.length;
        return images.map(({ image: { data } }) =>
          Float64Array.of(this.unscored.has(data[0]!) ? NaN : data[0]! / 100, data[1]! / 10),
        );
      },
      features: async (images) => {
        this.counts.featured += images.length;
        return images.map(({ data }) =>
          Float32Array.of(data[0]!, this.featureless.has(data[0]!) ? Infinity : data[1]!),
        );
      },
      release: async () => undefined,
    };
  }

  /** A pipeline that remembers nothing of earlier shards. */
  private generator(): Generator {
    this.counts.opened += 1;
    const pipeline = fakePipeline({
      latentShape: [3, 1, 1],
      batch: BATCH,
      onCall: (network) => {
        if (network !== 'denoise') return;
        if (this.calls === 0) throw new Error('the engine broke down');
        this.calls -= 1;
      },
      output: (latent, _, text) => {
        const seed = SEEDS.find((one) => ratioOf(latent) === ratioOf(noiseOf({ text, seed: one })))!;
        this.counts.generated.push(nameOf({ text, seed }));
        return Float32Array.of(Number(text), this.broken.has(nameOf({ text, seed })) ? NaN : seed, 0);
      },
      planar: (latent) => latent.map((byte) => byte / 127.5 - 1),
    });
    return createGenerator(pipeline);
  }

  tools(own: Partial<RenderTools> = {}): RenderTools {
    let generator: Generator | undefined;
    return {
      artefacts: () => this.artefacts,
      generator: async () => (generator ??= this.generator()),
      scorer: async (role) => this.scorer(role),
      refuseOther: async () => undefined,
      ...own,
    };
  }

  render(job: RenderJob, own: Partial<RenderTools> = {}): ReturnType<typeof renderShard> {
    return renderShard(job, this.tools(own));
  }
}

const noiseOf = ({ text, seed }: Pair): Float32Array => gaussianNoise({ seed, prompt: text, stepIndex: 0, length: 3 });
/** Independent of how the initial latent is scaled by a power of 2. */
const ratioOf = (latent: Float32Array): number => latent[1]! / latent[0]!;
