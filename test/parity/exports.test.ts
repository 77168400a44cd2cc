/**
 * The way home: every export, sampled with by the program that it is for, against our own trajectory. diffusers and a host
 * that behaves like ComfyUI were run by tools/golden/exports.py; ONNX Runtime, and Euler's method as
 * stable-diffusion.cpp has it, run here.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { applyFused, requireFused } from '../../diffusion/fused.js';
import type { ExportTargetName } from '../../exports/targets.js';
import { packing } from '../../inference/pipelines/packed-latents.js';
import { exportCases, exportOf, hashesOf, PYTHON_TARGETS, type ExportCase } from '../../scripts/write-exports.js';

interface Run {
  readonly case: string;
  readonly target: (typeof PYTHON_TARGETS)[number];
  readonly files: Readonly<Record<string, string>>;
  /** After every step, or at the end. */
  readonly samples: readonly (readonly number[])[] | readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/exports/trajectories.json', import.meta.url), 'utf8')) as {
  readonly pool: { readonly initial: number[]; readonly noise: number[][] };
  readonly runs: readonly Run[];
  /** Of the case flow-uniform. */
  readonly epsilonScaling: readonly number[];
  readonly refusals: readonly { readonly case: string; readonly message: string }[];
};
const cases = exportCases();
const SHAPE = [2, 4, 4] as const;
const { fround } = Math;

/** The dummy network of the Python script. */
function network(input: Float32Array, timestep: number): Float32Array {
  const t = Math.abs(timestep);
  return input.map((value) => fround(fround(value * (t / (t + 1000))) + 0.1));
}

/** Our latents after every step. */
function ours({ document }: ExportCase): Float32Array[] {
  const fused = requireFused(document.fused, 'it is compared');
  const x = Float32Array.from(golden.pool.initial, (value) => value * fused.initNoiseSigma);
  return fused.steps.map((step, i) => {
    const input = x.map((value) => value * step.inputScale);
    applyFused(step, x, network(input, step.timestep), Float32Array.from(golden.pool.noise[i]!), x, SHAPE[0]);
    return x.slice();
  });
}

function expectNear(found: ArrayLike<number>, expected: Float32Array): void {
  const worst = expected.reduce(
    (most, value, j) => Math.max(most, Math.abs(found[j]! - value) / Math.max(1, Math.abs(value))),
    0,
  );
  expect(found).toHaveLength(expected.length);
  expect(worst).toBeLessThan(1e-5);
}

const made = (one: ExportCase, target: ExportTargetName) => {
  const result = exportOf(one, target);
  if (typeof result === 'string') throw new Error(result);
  return result;
};

describe.each(PYTHON_TARGETS)('%s', (target) => {
  const runs = golden.runs.filter((run) => run.target === target);
  const exported = cases.filter((one) => typeof exportOf(one, target) !== 'string');

  it('was run with every schedule that it can express', () => {
    expect(runs.map((run) => run.case)).toEqual(exported.map(({ name }) => name));
  });

  it.each(exported)('samples $name as we do, with the file that is exported now', (one) => {
    const run = runs.find((each) => each.case === one.name)!;
    expect(hashesOf(made(one, target))).toEqual(run.files);
    const expected = ours(one);
    if (typeof run.samples[0] === 'number') expectNear(run.samples as number[], expected.at(-1)!);
    else expected.forEach((values, i) => expectNear((run.samples as number[][])[i]!, values));
  });
});

describe('onnx', () => {
  it.each(cases)('samples $name as we do', async (one) => {
    const session = await InferenceSession.create(made(one, 'onnx').files[0].content as Uint8Array);
    const patches = packing(SHAPE);
    const dims = one.packed ? [1, 4, 4 * SHAPE[0]] : [1, ...SHAPE];
    const laidOut = (values: Float32Array): Tensor =>
      new Tensor('float32', one.packed ? patches.pack(values) : values, dims);
    const plain = (values: Float32Array): Float32Array => (one.packed ? patches.unpack(values) : values);
    const floats = (tensor: Tensor | undefined): Float32Array => tensor!.data as Float32Array;
    const step = async (i: number, latents: Tensor, output: Tensor) => {
      const noise = laidOut(Float32Array.from(golden.pool.noise[Math.max(i, 0)]!));
      const feeds = { latents, noise_pred: output, step_index: new Tensor('int64', [BigInt(i)], []), noise };
      const given = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
      return session.run(Object.fromEntries(given));
    };
    const initial = laidOut(Float32Array.from(golden.pool.initial));
    let at = await step(-1, initial, initial);
    for (const [i, expected] of ours(one).entries()) {
      const output = network(floats(at['model_input']), Number(at['timestep']!.data[0]));
      at = await step(i, at['next_latents'] as Tensor, new Tensor('float32', output, dims));
      expectNear(plain(floats(at['next_latents'])), expected);
    }
  });
});

describe('sd-cpp', () => {
  const exported = cases.filter((one) => typeof exportOf(one, 'sd-cpp') !== 'string');

  it('expresses Euler without coefficients, and with c^eps below 1 in the last step', () => {
    expect(exported.map(({ name }) => name)).toEqual([
      'euler-4-eta0-identity',
      'flow-match-euler-4-eta0-identity',
      'flow-shifted',
      'euler-last',
    ]);
  });

  it.each(exported)('samples $name as we do', (one) => {
    const text = String(made(one, 'sd-cpp').files[0].content);
    const sigmas = /--sigmas (\S+)/
      .exec(text)![1]!
      .split(',')
      .map((sigma) => fround(Number(sigma)));
    const isFlow = one.document.scheduler.type === 'flow-match-euler';
    expectNear(eulerOfSdCpp(sigmas, isFlow), ours(one).at(-1)!);
  });
});

/** sample_euler, sigma_to_t and the scalings of stable-diffusion.cpp's DiscreteFlowDenoiser and CompVisDenoiser, in float32. */
function eulerOfSdCpp(sigmas: readonly number[], isFlow: boolean): Float32Array {
  let x = Float32Array.from(golden.pool.initial, (value) => value * sigmas[0]!);
  const log = logSigmas();
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const sigma = sigmas[i]!;
    const scale = isFlow ? 1 : fround(1 / Math.sqrt(sigma * sigma + 1));
    const timestep = isFlow ? sigma * 1000 : between(log, Math.log(sigma));
    const output = network(
      x.map((value) => value * scale),
      timestep,
    );
    const denoised = x.map((value, j) => value - sigma * output[j]!);
    x = x.map((value, j) => value + fround((value - denoised[j]!) / sigma) * (sigmas[i + 1]! - sigma));
  }
  return isFlow ? x.map((value) => value / (1 - sigmas.at(-1)!)) : x;
}

/** ln sigma of every timestep of Stable Diffusion. */
function logSigmas(): number[] {
  let alpha = 1;
  return Array.from({ length: 1000 }, (_, i) => {
    const [low, high] = [Math.sqrt(0.00085), Math.sqrt(0.012)];
    alpha *= 1 - (low + ((high - low) * i) / 999) ** 2;
    return Math.log(Math.sqrt((1 - alpha) / alpha));
  });
}

/** The place of a value in a rising list, with its fraction. */
function between(values: readonly number[], value: number): number {
  const low = Math.min(Math.max(values.filter((one) => one <= value).length - 1, 0), values.length - 2);
  const part = (value - values[low]!) / (values[low + 1]! - values[low]!);
  return low + Math.min(1, Math.max(0, part));
}

describe('the node "Epsilon Scaling" of ComfyUI', () => {
  const notesOf = (name: string): string =>
    made(
      cases.find((one) => one.name === name)!,
      'comfyui',
    ).notes.join();

  it('does the same as one c^eps for all steps', () => {
    expect(notesOf('flow-uniform')).toContain('"Epsilon Scaling" with scaling_factor 0.950, the sampler "euler"');
    expectNear(golden.epsilonScaling, ours(cases.find(({ name }) => name === 'flow-uniform')!).at(-1)!);
  });

  it('is named with the error of its rounding, and not where it cannot do it', () => {
    expect(notesOf('euler-uniform')).toContain('scaling_factor 0.971, the sampler "euler" and these SIGMAS');
    expect(notesOf('euler-uniform')).toContain('to 0.013 % (exactly: 0.9708737864077');
    expect(notesOf('euler-last')).not.toContain('Epsilon');
    expect(notesOf('euler-4-eta0-identity')).not.toContain('Epsilon');
  });
});

describe('an exported file refuses in a clear sentence', () => {
  it.each([
    ['comfyui: another kind of model', /made for flow-match-euler, but the model's sampling is EPS/],
    ['comfyui: other noise levels', /made for the noise levels .*, but the model has .* at these timesteps/],
    ['comfyui: a patched model', /the model's sampling is LCM: connect the model without a ModelSampling node/],
    ['comfyui: other SIGMAS', /needs the SIGMAS of its own node/],
    ['diffusers: other steps', /has 4 steps, not 8: pass num_inference_steps=4/],
    ['diffusers: another timestep', /The timestep 500\.0 is not one of the schedule's/],
    ['diffusers: image to image', /starts from noise: image to image is not supported/],
  ])('%s', (name, pattern) => {
    expect(golden.refusals.find((one) => one.case === name)?.message).toMatch(pattern);
  });
});

it.each<[string, ExportTargetName, RegExp]>([
  ['tcd-4-eta0-file', 'diffusers-config', /only the sigmas of flow matching leave room for a factor/],
  [
    'flow-match-euler-4-eta0-file',
    'diffusers-config',
    /c\^x of step 1 is 0\.93, and no list of sigmas scales the sample/,
  ],
  ['flow-ptqd', 'diffusers-config', /corrects the network's output by PTQD/],
  ['scm-2-eta0-file', 'diffusers', /SanaSprintPipeline scales latents itself/],
  ['scm-2-eta0-file', 'comfyui', /ComfyUI has no latents like those of the scheduler "scm"/],
  ['tcd-4-eta0-file', 'sd-cpp', /a list of sigmas describes Euler's method, and the scheduler is "tcd"/],
  ['euler-uniform', 'sd-cpp', /c\^eps is \[1\.03, .*only the last step can be scaled by a list of sigmas/],
])('%s is refused for %s with the reason', (name, target, reason) => {
  const one = cases.find((each) => each.name === name)!;
  expect(exportOf(one, target)).toMatch(reason);
});
