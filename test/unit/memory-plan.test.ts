/** The plan of memory follows from files and arithmetic, and a process with too little memory opens networks in turn. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { doctorCommand } from '../../cli/commands/doctor-command.js';
import { QschedError } from '../../contract/errors.js';
import { planMemory } from '../../inference/memory-plan.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { sharedSession } from '../../inference/models/network-pool.js';
import { weightBytes } from '../../inference/models/weight-bytes.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { model, node, tensor, value, type Element } from './onnx-bytes.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

const root = mkdtempSync(join(tmpdir(), 'qsched-memory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A network with weights beside it that are not there in full: nothing but their size is read. */
function network(name: string, type: Element, dims: readonly number[]): string {
  const path = join(root, `${name}.onnx`);
  const weights = tensor('w', { type, dims, location: `${name}.data` });
  writeFileSync(
    path,
    model({
      nodes: [node('Identity', ['x'], ['y'])],
      tensors: [weights],
      inputs: [value('x', 'float32', ['batch', 1])],
      outputs: [value('y', 'float32', ['batch', 1])],
    }),
  );
  writeFileSync(join(root, `${name}.data`), '');
  truncateSync(
    join(root, `${name}.data`),
    dims.reduce((a, b) => a * b, type === 'float16' ? 2 : 4),
  );
  return path;
}

describe('weights in memory, as measured with ONNX Runtime 1.30 on a CPU', () => {
  test.each([
    ['matrix', 'float32', [1536, 1536], 1],
    ['half', 'float16', [1536, 1536], 2.3],
    ['conv', 'float32', [640, 640, 3, 3], 2],
    ['half-conv', 'float16', [640, 640, 3, 3], 4.5],
  ] as const)('%s in %s', (name, type, dims, factor) => {
    const path = network(name, type, dims);
    const own = dims.reduce((a: number, b) => a * b, type === 'float16' ? 2 : 4);
    const { files, open, opening } = weightBytes(path);
    expect(files).toBeGreaterThan(own);
    expect(files).toBeLessThan(own + 1000);
    expect(open / own).toBeCloseTo(factor, 5);
    expect(opening).toBeGreaterThan(open);
    expect(weightBytes(path, false).open).toBe(files);
  });
});

describe('a plan', () => {
  writeTinyStableDiffusion(join(root, 'tiny'));
  const folder = openModelFolder('tiny', 'fp32', [root]);

  test('names each network with its rows, and counts processes', () => {
    const plan = planMemory(folder, {}, 24e9);
    expect(plan.networks.map(({ file, rows }) => [file, rows])).toEqual([
      ['text_encoder/model.onnx', 20],
      ['unet/model.onnx', 20],
      ['vae_decoder/model.onnx', 20],
    ]);
    expect(plan.takesTurns).toBe(false);
    expect(plan.fits).toBe(Math.floor(24e9 / plan.bytes));
    expect(planMemory(folder, { batch: 2 }, 24e9).bytes).toBeLessThan(plan.bytes);
  });

  test('lets encoders and the others take turns where memory is short, which takes less', () => {
    const { bytes } = planMemory(folder, {}, 24e9);
    const short = planMemory(folder, {}, bytes);
    expect(short.takesTurns).toBe(true);
    expect(short.bytes).toBeLessThan(bytes);
    expect(planMemory(folder, {}, bytes / 0.74).takesTurns).toBe(false);
  });

  test('opened in turn, networks give the same bits, and a text encoder is opened when a text comes', async () => {
    const eager = await openPipeline(folder, { threads: 1, batch: 2 });
    const late = await openPipeline(folder, { threads: 1, batch: 2, late: true });
    const latents = [new Float32Array(256).map((_, i) => Math.sin(i))];
    for (const pipeline of [eager, late]) expect(pipeline.batches.denoiser).toBe(2);
    const run = async (pipeline: typeof eager) => {
      const states = await pipeline.encode(['a red circle']);
      await pipeline.releaseEncoders();
      const out = await pipeline.denoise(latents, 999, states);
      return [states[0]!.tensors[0], out[0], (await pipeline.decode(out))[0]];
    };
    expect(await run(late)).toEqual(await run(eager));
    await eager.release();
    await late.release();
  });

  test('a network that is opened late is loaded by its first call, and not by being let go', async () => {
    const path = join(root, 'broken.onnx');
    writeFileSync(
      path,
      model({
        nodes: [node('NoSuchOperator', ['x'], ['y'])],
        inputs: [value('x', 'float32', ['batch', 1])],
        outputs: [value('y', 'float32', ['batch', 1])],
      }),
    );
    await expect(sharedSession(path, { batch: 1, threads: 1 })).rejects.toThrow('cannot load');
    const session = await sharedSession(path, { batch: 1, threads: 1, late: true });
    const call = session.run([Float32Array.of(1)], (rows) => ({ x: { rows, shape: [1] } }), 'y');
    await expect(call).rejects.toThrow('cannot load');
    await (await sharedSession(path, { batch: 1, threads: 1, late: true })).release();
  });
});

describe('doctor --model', () => {
  const doctor = async (flags: Parameters<typeof doctorCommand>[0]) => {
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    return { code: await doctorCommand(flags), printed };
  };

  test('prints the plan', async () => {
    const { code, printed } = await doctor({ model: 'shapes', precision: 'w4a8' });
    expect(code).toBe(0);
    expect(printed).toMatch(/^shapes w4a8, latents 6 x 8 x 8, estimated/);
    expect(printed).toMatch(/unet\/model_w4a8\.onnx +4\.6 MB +\d+\.\d MB +20 +/);
    expect(printed).toContain('shapes-clip/vision_model.onnx');
    expect(printed).toMatch(/one scoring process: at most 1\.\d GB of \d+\.\d GB; enough for/);
  });

  test('--json has every precision, and a size that needs too much ends with 1', async () => {
    vi.stubEnv('QSCHED_MODELS', join(import.meta.dirname, '../fixtures/pipelines'));
    const json = JSON.parse((await doctor({ model: 'sd15', json: true })).printed) as {
      plans: { precision: string }[];
    };
    expect(json.plans.map(({ precision }) => precision)).toContain('fp32');
    const large = await doctor({ model: 'sd15', precision: 'fp32', size: '8192' });
    expect(large.code).toBe(1);
    expect(large.printed).toContain('latents 4 x 1024 x 1024');
    expect(large.printed).toContain('too little: not even one fits');
  });

  test.each([
    [{ precision: 'fp32' }, '--precision needs --model.'],
    [{ networkBatch: '2' }, '--network-batch needs --model.'],
    [{ model: 'shapes', size: '0' }, '--size is "0".'],
    [{ model: 'shapes', size: 'large' }, '--size is "large".'],
    [{ model: 'shapes', device: 'gpu' }, '"gpu" is not a device.'],
  ])('%o is refused', async (flags, message) => {
    const refused = await doctor(flags).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(QschedError);
    expect(refused).toMatchObject({ code: 'usage', message });
  });
});
