/** scheduler_step.onnx in ONNX Runtime, against our own step: bit for bit in double, within the stated tolerance else. */
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { applyFused, requireFused, type FusedSchedule } from '../../diffusion/fused.js';
import { exportedSchedule, type Arithmetic, type Layout } from '../../exports/target.js';
import { onnx } from '../../exports/onnx/onnx.js';
import { fromHalves, toHalves } from '../../inference/models/float16.js';
import { packing } from '../../inference/pipelines/packed-latents.js';
import { exportDocuments } from '../../scripts/write-export-documents.js';
import { completed } from '../export-fixture.js';

const documents = exportDocuments();
const { fround } = Math;

interface Stepped {
  readonly next: Float32Array;
  readonly input: Float32Array;
  readonly timestep: number;
}

/** One step of a graph. @param dims of the latents */
async function run(
  session: InferenceSession,
  arithmetic: Arithmetic,
  dims: readonly number[],
  step: number,
  values: { latents: Float32Array; noise_pred: Float32Array; noise: Float32Array },
): Promise<Stepped> {
  const half = arithmetic === 'float16';
  const feeds: Record<string, Tensor> = { step_index: new Tensor('int64', [BigInt(step)], []) };
  for (const [name, data] of Object.entries(values)) {
    if (!session.inputNames.includes(name)) continue;
    feeds[name] = half ? new Tensor('float16', toHalves(data), dims) : new Tensor('float32', data, dims);
  }
  const { next_latents: next, model_input: input, timestep } = await session.run(feeds);
  const floats = ({ data }: Tensor): Float32Array => (half ? fromHalves(data as Uint16Array) : (data as Float32Array));
  return { next: floats(next!), input: floats(input!), timestep: Number(timestep!.data[0]) };
}

const open = (schedule: ReturnType<typeof exportDocuments>[number], arithmetic: Arithmetic, layout?: Layout) => {
  const { files } = onnx.write(exportedSchedule(completed(schedule)), { arithmetic, layout });
  return { bytes: files[0].content as Uint8Array, session: InferenceSession.create(files[0].content as Uint8Array) };
};

/** Our step. */
function ours(fused: FusedSchedule, i: number, x: Float32Array, m: Float32Array, z: Float32Array, channels: number) {
  const step = fused.steps[i]!;
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += 8) {
    const one = (values: Float32Array): Float32Array => values.subarray(at, at + 8);
    applyFused(step, one(x), one(m), one(z), out.subarray(at, at + 8), channels);
  }
  return out;
}

const float = fc.float({ min: -60, max: 60, noNaN: true });
/** Two latents of (2, 2, 2). */
const tensor = fc.array(float, { minLength: 16, maxLength: 16 }).map((values) => Float32Array.from(values));
const DIMS = [2, 2, 2, 2];

describe.each(documents.map((document, i) => ({ ...document.scheduler, kind: document.kind, document, i })))(
  '$type, $steps steps, eta $eta ($kind)',
  ({ document }) => {
    const fused = requireFused(document.fused, 'it is compared');
    const step = fc.nat(fused.steps.length - 1);
    const values = fc.record({ latents: tensor, noise_pred: tensor, noise: tensor });

    it('in double has the bits of our step, and at most 8 KB', async () => {
      const { bytes, session } = open(document, 'double', 'channels');
      expect(bytes.length).toBeLessThan(8192);
      const opened = await session;
      await fc.assert(
        fc.asyncProperty(step, values, async (i, one) => {
          const { next, input, timestep } = await run(opened, 'double', DIMS, i, one);
          const expected = ours(fused, i, one.latents, one.noise_pred, one.noise, 2);
          expect(next).toEqual(expected);
          const scale = fused.steps[i + 1]?.inputScale ?? 1;
          expect(input).toEqual(expected.map((value) => value * scale));
          expect(timestep).toBe(fround(fused.steps[i + 1]?.timestep ?? 0));
        }),
        { numRuns: 30 },
      );
    });

    it('starts from standard normal noise', async () => {
      const { session } = open(document, 'double', 'channels');
      const noise = Float32Array.from({ length: 16 }, (_, i) => fround(Math.sin(i + 1)));
      const start = await run(await session, 'double', DIMS, -1, { latents: noise, noise_pred: noise, noise });
      const first = noise.map((value) => value * fused.initNoiseSigma);
      expect(start.next).toEqual(first);
      expect(start.input).toEqual(first.map((value) => value * fused.steps[0]!.inputScale));
      expect(start.timestep).toBe(fround(fused.steps[0]!.timestep));
    });

    it.each([
      ['float32', 2 ** -24],
      ['float16', 2 ** -11],
    ] as const)('in %s is within 6 units of the sum of its terms', async (arithmetic, unit) => {
      const opened = await open(document, arithmetic, 'channels').session;
      const representable = (one: Float32Array): Float32Array =>
        arithmetic === 'float16' ? fromHalves(toHalves(one)) : one;
      await fc.assert(
        fc.asyncProperty(step, values, async (i, given) => {
          const one = {
            latents: representable(given.latents),
            noise_pred: representable(given.noise_pred),
            noise: representable(given.noise),
          };
          const { next } = await run(opened, arithmetic, DIMS, i, one);
          const { a, b, d, n } = fused.steps[i]!;
          ours(fused, i, one.latents, one.noise_pred, one.noise, 2).forEach((expected, at) => {
            const offset = typeof d === 'number' ? d : d[Math.floor((at % 8) / 4)]!;
            const terms =
              Math.abs(a * one.latents[at]!) +
              Math.abs(b * one.noise_pred[at]!) +
              Math.abs(offset) +
              Math.abs(n * one.noise[at]!);
            const inputs = [one.latents, one.noise_pred, one.noise].map((all) => Math.abs(all[at]!));
            // Below the normal halves a unit is 2^-24: of a weight as of a result.
            const least = arithmetic === 'float16' ? 2 ** -24 * (1 + inputs[0]! + inputs[1]! + inputs[2]!) : 0;
            expect(Math.abs(next[at]! - expected)).toBeLessThanOrEqual(6 * (unit * terms + least) + 2 ** -149);
          });
        }),
        { numRuns: 30 },
      );
    });
  },
);

describe('offsets per channel', () => {
  const ptqd = documents.find(({ kind }) => kind === 'ptqd')!;
  const fused = requireFused(ptqd.fused, 'it is compared');

  it('are expanded for packed latents', async () => {
    const opened = await open(ptqd, 'double', 'packed').session;
    const patches = packing([2, 2, 2]);
    const pack = (latent: Float32Array): Float32Array => patches.pack(latent);
    const [x, m, z] = [3, 5, 7].map((seed) => Float32Array.from({ length: 8 }, (_, i) => fround(Math.sin(seed * i))));
    const packed = { latents: pack(x!), noise_pred: pack(m!), noise: pack(z!) };
    for (const i of fused.steps.keys()) {
      const { next } = await run(opened, 'double', [1, 1, 8], i, packed);
      expect(next).toEqual(pack(ours(fused, i, x!, m!, z!, 2)));
    }
  });

  it('need a layout', () => {
    expect(() => open(ptqd, 'double')).toThrow("Whether the model's latents are packed is not known here");
  });
});

it('a number that is too large for float16 is refused', () => {
  const [document] = documents;
  expect(() => open({ ...document!, fused: large(document!) }, 'float16', 'channels')).toThrow(
    /The table B contains .*, but float16 ends at 65504/,
  );
});

const large = ({ fused }: (typeof documents)[number]) => ({
  ...fused,
  steps: requireFused(fused, 'it is changed').steps.map((step) => ({ ...step, b: step.b * 1e6 })),
});

it('declares the rank of the latents', async () => {
  const shapes = await Promise.all(
    (['channels', 'packed'] as const).map(async (layout) => {
      const { inputMetadata } = await open(documents[0]!, 'double', layout).session;
      return inputMetadata.find(({ name }) => name === 'latents');
    }),
  );
  expect(shapes).toMatchObject([
    { shape: ['batch', 'channels', 'height', 'width'] },
    { shape: ['batch', 'patches', 'values'] },
  ]);
});
