/** Golden runs of diffusers pipelines (test/golden/pipelines/README.md), and the same runs by our pipelines. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SchedulerType } from '../../contract/names.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { createSampler } from '../../inference/engine/sampler.js';
import { sampleBlock } from '../../inference/engine/sampling-loop.js';
import { openModelFolder, type ModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { Pipeline } from '../../inference/pipelines/pipeline.js';
import { imageFromPlanar } from '../../metrics/images/image.js';

/** Values in base64; with `every` n only each nth of them. */
interface GoldenArray {
  readonly shape: readonly number[];
  readonly every?: number;
  readonly f32: string;
}

interface GoldenRun {
  readonly name: string;
  readonly prompt: number;
  readonly steps: number;
  readonly seed: number;
  readonly height: number;
  readonly width: number;
  readonly guidance_scale?: number;
  readonly negative_prompt?: string | null;
  readonly scheduler: Readonly<Record<string, unknown>> & { readonly _class_name: string };
  readonly timesteps: readonly number[];
  readonly initial: GoldenArray;
  readonly latents: readonly GoldenArray[];
  readonly image: { readonly height: number; readonly width: number; readonly rgb: string };
}

interface GoldenPipeline {
  readonly prompts: readonly {
    readonly text: string;
    readonly tokens: Readonly<Record<string, readonly number[]>>;
    readonly embeddings: Readonly<Record<string, GoldenArray>>;
  }[];
  readonly runs: readonly GoldenRun[];
}

const ROOT = join(packageRoot(), 'test');
export const FIXTURES = join(ROOT, 'fixtures', 'pipelines');

export const readGolden = (name: string): GoldenPipeline =>
  JSON.parse(readFileSync(join(ROOT, 'golden', 'pipelines', `${name}.json`), 'utf8')) as GoldenPipeline;

/** A fixture, or a bundled model. */
export const openFixture = (name: string, precision = 'fp32', options: PipelineOptions = {}): ModelFolder =>
  openModelFolder(name, precision, [FIXTURES, join(packageRoot(), 'models')], options);

const floatsOf = ({ f32 }: GoldenArray): Float32Array => {
  const bytes = Uint8Array.from(Buffer.from(f32, 'base64'));
  return new Float32Array(bytes.buffer);
};

/** The largest difference from a golden array. */
export function difference(values: ArrayLike<number>, golden: GoldenArray): number {
  const expected = floatsOf(golden);
  const { every = 1 } = golden;
  expect(values).toHaveLength(golden.shape.reduce((product, n) => product * n, 1));
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(values[i * every]! - value)), 0);
}

/** Standard deviation of a golden array about 0, at least 1: what latents are compared in. */
const spread = (golden: GoldenArray): number => {
  const values = floatsOf(golden);
  return Math.max(1, Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length));
};

const TYPES: Readonly<Record<string, SchedulerType>> = {
  TCDScheduler: 'tcd',
  LCMScheduler: 'lcm',
  DDIMScheduler: 'ddim',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler-ancestral',
  FlowMatchEulerDiscreteScheduler: 'flow-match-euler',
  CMStochasticIterativeScheduler: 'consistency',
};

/** How far a run is from the golden one. */
export interface RunDifference {
  /** Over all steps, in standard deviations of the latent. */
  readonly latents: number;
  /** In 1 / 255. */
  readonly image: number;
  readonly rows: Pipeline['rows'];
}

/** Samples a golden run. @param options what the pipeline is called with beside the size */
export async function sampleGolden(
  name: string,
  run: GoldenRun,
  text: string,
  { precision = 'fp32', options = {} }: { readonly precision?: string; readonly options?: PipelineOptions } = {},
): Promise<RunDifference> {
  const { steps, height, width, seed, scheduler: schedulerConfig } = run;
  const model = openFixture(name, precision, { height, width, ...options });
  const choice = { type: TYPES[schedulerConfig._class_name]!, steps, eta: 0 };
  const fused = schedulerOf({ ...model, schedulerConfig }, choice).schedule();
  expect(fused.steps.map(({ timestep }) => timestep)).toEqual(run.timesteps.map((t) => expect.closeTo(t, 3)));
  const pipeline = await openPipeline(model, { threads: 1, batch: 2 });
  const states: Float32Array[] = [];
  const schedule = toWireSchedule(fused);
  const block = await sampleBlock(createSampler(pipeline), [{ schedule, pairs: [0] }], [{ text, seed }], [0], {
    onStep({ step, inputs: [input] }) {
      const { inputScale } = schedule.steps[step]!;
      states.push(input!.map((value) => value / inputScale));
      return Promise.resolve();
    },
  });
  const initial = states.shift()!.map((value) => value / schedule.initNoiseSigma);
  expect(difference(initial, run.initial)).toBeLessThan(1e-6);
  states.push(block.states[0]!);
  const [planar] = await pipeline.decode(block.states);
  const { rows } = pipeline;
  await pipeline.release();
  const image = imageFromPlanar(planar!, run.image.height, run.image.width);
  const golden = Buffer.from(run.image.rgb, 'base64');
  return {
    latents: Math.max(...states.map((state, i) => difference(state, run.latents[i]!) / spread(run.latents[i]!))),
    image: golden.reduce((largest, value, i) => Math.max(largest, Math.abs(value - image.data[i]!)), 0),
    rows,
  };
}
