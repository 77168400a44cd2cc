/** What a worker tells of its files: whether they can be used at all, and what they are identified by. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { QschedError } from '../../contract/errors.js';
import { type DescribeRequest, NetworkDescription, NetworkFacts } from '../../contract/wire/describe.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { describeNetwork, inspectNetwork, inspectPrompts } from '../../inference/describe.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { openScorerFolder, scorerFingerprint } from '../../inference/scorers/scorer-folder.js';
import { distinctQueues, verifyNetwork } from '../../inference/verify.js';
import { value } from './onnx-bytes.js';
import { writeTinyStableDiffusion, type TinyParts } from './tiny-stable-diffusion.js';

const BUNDLED = join(packageRoot(), 'models');
const before = process.env['QSCHED_MODELS'];
const root = mkdtempSync(join(tmpdir(), 'qsched-describe-'));
process.env['QSCHED_MODELS'] = root;
afterAll(() => {
  if (before === undefined) delete process.env['QSCHED_MODELS'];
  else process.env['QSCHED_MODELS'] = before;
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(join(root, 'tiny'), { recursive: true, force: true });
});

const requestOf = (more: Partial<DescribeRequest> = {}): DescribeRequest => ({
  version: WIRE_VERSION,
  model: 'tiny',
  precision: 'fp32',
  options: {},
  scorers: [],
  ...more,
});
const write = (parts: TinyParts = {}): void => writeTinyStableDiffusion(join(root, 'tiny'), parts);

async function refusal(action: () => unknown): Promise<QschedError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    expect((error as QschedError).hint).not.toBe('');
    return error as QschedError;
  }
  throw new Error('nothing was refused');
}

describe('a network that cannot be fed is refused before anything is loaded, by file and input', () => {
  test.each<[string, TinyParts, RegExp]>([
    ['a mask', { more: [value('mask', 'float32', ['batch', 6])] }, /the input "mask" is unknown/],
    ['class labels', { more: [value('class_labels', 'int64', ['batch'])] }, /"class_labels" is unknown/],
    ['bfloat16', { sample: 'bfloat16' }, /the input "sample" has the type bfloat16/],
    ['another output', { output: 'noise' }, /there is no output "out_sample", only noise/],
    ['rows that depend and are fixed', { dynamic: true, rows: 2 }, /"sample" has the shape \[2, 4, 8, 8\].*only 1/],
  ])('%s', async (_, parts, message) => {
    write(parts);
    for (const action of [() => inspectNetwork(requestOf()), () => describeNetwork(requestOf(), {})]) {
      const error = await refusal(action);
      expect(error).toMatchObject({ code: 'usage', final: true });
      expect(error.message).toMatch(message);
      expect(error.message).toContain(join(root, 'tiny/unet/model.onnx'));
    }
  });

  test('bfloat16 comes with the flag of the export', async () => {
    write({ sample: 'bfloat16' });
    expect((await refusal(() => inspectNetwork(requestOf()))).hint).toContain('--dtype fp16');
  });

  test('class labels come with what to use instead', async () => {
    write({ more: [value('class_labels', 'int64', ['batch'])] });
    expect((await refusal(() => inspectNetwork(requestOf()))).hint).toContain('text-to-image model');
  });

  test('another size of the latent than that of the configuration', async () => {
    write();
    writeFileSync(join(root, 'tiny/unet/config.json'), JSON.stringify({ in_channels: 4, sample_size: 16 }));
    expect((await refusal(() => inspectNetwork(requestOf()))).message).toMatch(
      /\[batch, 4, 8, 8\]: axis 2 is fed with 16/,
    );
  });

  test('an unknown model, precision or option', async () => {
    write();
    expect((await refusal(() => inspectNetwork(requestOf({ model: 'tiney' })))).hint).toContain('"tiny"');
    expect((await refusal(() => inspectNetwork(requestOf({ precision: 'w4a8' })))).hint).toContain('fp32');
    expect((await refusal(() => inspectNetwork(requestOf({ options: { guidance: 200 } })))).message).toContain(
      'guidance',
    );
  });
});

describe('the facts of files', () => {
  test('are those of the folder; `reference` is full precision', () => {
    const facts = inspectNetwork(requestOf({ model: 'shapes', precision: 'reference', scorers: ['objective'] }));
    expect(NetworkFacts.parse(facts)).toEqual(facts);
    expect(facts).toMatchObject({
      precision: 'fp32',
      pipeline: 'sd15',
      latentShape: [6, 8, 8],
      precisions: ['fp32', 'w4a6', 'w4a8', 'w8a8'],
      referencePrecision: 'fp32',
    });
    expect(facts.schedulerConfig).toMatchObject({ _class_name: 'TCDScheduler' });
    expect(facts.scorers).toEqual([
      expect.objectContaining({
        role: 'objective',
        name: 'shapes-clip',
        kind: 'clip',
        hasFeatures: true,
        provenance: {},
      }),
    ]);
  });

  test('a scorer that is not there is described by the sentence that says so, one with wrong inputs too', () => {
    write();
    cpSync(join(BUNDLED, 'shapes-clip'), join(root, 'odd'), { recursive: true });
    cpSync(join(BUNDLED, 'shapes/unet/model.onnx'), join(root, 'odd/vision_model.onnx'));
    const { scorers } = inspectNetwork(requestOf({ scorers: ['third', 'odd'] }));
    expect(scorers).toEqual([
      { role: 'third', missing: 'There is no scorer "third".', hint: expect.stringContaining('shapes-clip') },
      {
        role: 'odd',
        missing: expect.stringMatching(/vision_model\.onnx: the input "sample" is unknown/),
        hint: expect.any(String),
      },
    ]);
    rmSync(join(root, 'odd'), { recursive: true });
  });
});

describe('a description', () => {
  test('identifies the bundled model as 0.1.0 did', async () => {
    const request = requestOf({ model: 'shapes', precision: 'w4a8', scorers: ['objective', 'brisque'] });
    const found = await describeNetwork(request, {});
    expect(NetworkDescription.parse(found)).toEqual(found);
    const { files, numeric } = found;
    expect(numeric).toMatchObject({ provider: 'cpu', batch: 20 });
    expect(Object.keys(numeric).sort()).toEqual(['batch', 'instructions', 'onnxruntime', 'provider']);
    expect(found.network).toBe(hashOf({ files, precision: 'w4a8', numeric }));
    const queue = hashOf({ files, numeric: { ...numeric, batch: null } }).slice(0, 12);
    expect(found.scoreQueue).toBe(`qsched-score-${queue}`);
    expect(found).toMatchObject({ preprocessing: {}, notes: [], references: {} });
    expect(found.batches).toEqual({ text: 20, denoiser: 20, decoder: 20, scorer: 20 });
    const scorer = openScorerFolder('objective', openModelFolder('shapes', 'w4a8'));
    expect(found.scorers[0]).toMatchObject({ provenance: await scorerFingerprint(scorer) });
    expect(Object.keys(await scorerFingerprint(scorer))).toEqual(['name', 'version', 'files']);
  });

  test('one number for all rows per call is the number of the numeric class', async () => {
    const { numeric, batches } = await describeNetwork(requestOf({ model: 'shapes', precision: 'w4a8' }), { batch: 8 });
    expect(numeric.batch).toBe(8);
    expect(batches).toEqual({ text: 8, denoiser: 8, decoder: 8, scorer: 8 });
  });

  test('of a network with halves has a version of how they are read', async () => {
    write();
    const plain = await describeNetwork(requestOf(), {});
    expect(plain.preprocessing).toEqual({});
    for (const parts of [{ sample: 'float16' }, { image: 'float16' }] as const) {
      write(parts);
      const { files, precision, numeric, network, preprocessing } = await describeNetwork(
        { ...requestOf(), precision: 'reference' },
        {},
      );
      expect(preprocessing).toEqual({ float16: 1 });
      expect(network).toBe(hashOf({ files, precision, numeric, preprocessing }));
    }
  });

  test('of a network whose rows depend on each other runs it row by row, and says so', async () => {
    write({ dynamic: true });
    const { batches, numeric, notes } = await describeNetwork(requestOf(), {});
    expect(batches).toEqual({ text: 20, denoiser: 1, decoder: 20, scorer: 20 });
    expect(numeric.batch).toEqual(batches);
    expect(notes).toEqual([expect.stringMatching(/^unet\/model\.onnx quantises .* one row per call/)]);
  });

  test('of a network whose file fixes the rows has them', async () => {
    write({ rows: 2 });
    expect((await describeNetwork(requestOf(), {})).batches.denoiser).toBe(2);
  });

  test('puts the statistics of real images where everybody finds them', async () => {
    const artefacts = openArtefactFolder(mkdtempSync(join(root, 'artefacts-')));
    const request = requestOf({ model: 'shapes', scorers: ['objective', 'brisque'] });
    const { references } = await describeNetwork(request, { artefacts });
    expect(Object.keys(references)).toEqual(['shapes-clip']);
    const file = readFileSync(join(BUNDLED, 'shapes/reference/shapes-clip.json'));
    expect(Buffer.from(artefacts.get(references['shapes-clip']!)!)).toEqual(file);
  });

  test('notes of prompts tell which captions are cut', () => {
    const texts = ['a circle', 'circle '.repeat(80)];
    expect(inspectPrompts({ model: 'shapes', precision: 'reference', scorers: ['objective'], texts })).toEqual([
      "The model's tokenizer reads 40 tokens: 1 of 2 prompts are longer and are cut.",
      'The scorer "objective" reads 40 tokens: 1 of 2 prompts are longer and are cut.',
    ]);
  });
});

describe('a network of other types than float32', () => {
  test.each<TinyParts>([{ ids: 'int32' }, { sample: 'float16' }, { image: 'float16' }, { image: 'float64' }])(
    '%j computes what the network computes in float32',
    async (parts) => {
      write(parts);
      const pipeline = await openPipeline(openModelFolder('tiny', 'reference'), { threads: 1 });
      const conditioning = await pipeline.encode(['a red circle']);
      expect(conditioning[0]!.tensors[0]!.slice(0, 2).every((id) => Number.isInteger(id) && id > 0)).toBe(true);
      const latent = Float32Array.from({ length: 256 }, (_, i) => i / 8 - 16);
      expect(await pipeline.denoise([latent], 999, conditioning)).toEqual([latent]);
      // z / 0.5 + 1
      expect(await pipeline.decode([latent])).toEqual([latent.map((z) => 2 * z + 1)]);
      await pipeline.release();
    },
  );
});

describe('files that changed under a worker', () => {
  const change = (): void => {
    const path = join(root, 'tiny/vae_decoder/config.json');
    writeFileSync(path, JSON.stringify({ scaling_factor: 0.25, shift_factor: 1 }));
  };

  test('are refused at once by `describe`, which knows the queues that are served', async () => {
    write();
    const { queues, files, refused } = await distinctQueues(['tiny'], {});
    expect(refused).toEqual([]);
    expect(files).toContain(join(root, 'tiny/unet/model.onnx'));
    expect((await describeNetwork(requestOf(), { queues })).scoreQueue).toBe(queues[0]);
    change();
    const error = await refusal(() => describeNetwork(requestOf(), { queues }));
    expect(error).toMatchObject({ code: 'failure', final: true });
    expect(`${error.message} ${error.hint}`).toMatch(/model "tiny" on this worker differ.*Restart the workers/);
  });

  test('are refused for good by those who score', async () => {
    write();
    const { model, precision, options, network, scorers } = await describeNetwork(
      requestOf({ scorers: ['shapes-clip'] }),
      {},
    );
    const wire = { model, precision, options, network };
    const [scorer] = scorers;
    if (scorer === undefined || 'missing' in scorer) throw new Error('the scorer is missing');
    const fingerprint = hashOf(scorer.provenance);
    await verifyNetwork(wire, [{ role: 'shapes-clip', fingerprint }], {});
    const other = [{ role: 'shapes-clip', fingerprint: hashOf('another') }];
    expect((await refusal(() => verifyNetwork(wire, other, {}))).message).toContain('the scorer "shapes-clip"');
    expect((await refusal(() => verifyNetwork(wire, [], { batch: 2 }))).final).toBe(true);
    change();
    expect(await refusal(() => verifyNetwork(wire, [], {}))).toMatchObject({ code: 'failure', final: true });
  });
});

test('models with equal files share one queue', async () => {
  write();
  cpSync(join(root, 'tiny'), join(root, 'twin'), { recursive: true });
  const both = await distinctQueues(['tiny', 'twin'], {});
  expect(both.queues).toHaveLength(1);
  expect(both.queues).toEqual((await distinctQueues(['twin'], {})).queues);
  expect(await distinctQueues(['shapes'], {})).toMatchObject({ queues: { length: 4 } });
  rmSync(join(root, 'twin'), { recursive: true });
});
