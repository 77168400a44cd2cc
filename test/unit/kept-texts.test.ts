/** Embeddings as artefacts: found by what decides them, kept within a limit, and never more than a saving. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeArrays, encodeArrays } from '../../artefacts/arrays-format.js';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { artefactUsage } from '../../artefacts/usage.js';
import { QschedError } from '../../contract/errors.js';
import { keptTexts } from '../../inference/engine/kept-texts.js';
import { conditioningOf, createSampler, type KeptTexts } from '../../inference/engine/sampler.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { fakePipeline } from './fake-pipeline.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

const root = mkdtempSync(join(tmpdir(), 'qsched-texts-'));
const artefacts = join(root, 'artefacts');
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => rmSync(artefacts, { recursive: true, force: true }));
writeTinyStableDiffusion(join(root, 'tiny'));
cpSync(join(root, 'tiny/unet/model.onnx'), join(root, 'tiny/unet/model_w8a8.onnx'));

const folderOf = (precision = 'fp32') => openModelFolder('tiny', precision, [root]);
const kept = async (
  limits: { large?: number; bytes?: number } = { large: 0 },
  model = folderOf(),
  batch = 2,
  store: ArtefactStore = openArtefactFolder(artefacts),
): Promise<KeptTexts | undefined> => keptTexts(model, { batch }, () => store, limits);
const embedding = { tensors: [Float32Array.of(1, -0, 1e-42, NaN), Float32Array.of(0.1)], bytes: 20 };

describe('arrays', () => {
  test('come back bit for bit', () => {
    expect(decodeArrays(encodeArrays(embedding.tensors))).toEqual(embedding.tensors);
    expect(decodeArrays(encodeArrays([]))).toEqual([]);
    const shifted = Buffer.concat([Buffer.from('x'), encodeArrays(embedding.tensors)]).subarray(1);
    expect(decodeArrays(shifted)).toEqual(embedding.tensors);
  });

  test('that are cut off, or are something else, are undefined', () => {
    const bytes = encodeArrays(embedding.tensors);
    for (let end = 0; end < bytes.length; end += 1) expect(decodeArrays(bytes.subarray(0, end))).toBeUndefined();
    expect(decodeArrays(Buffer.concat([bytes, Buffer.from('x')]))).toBeUndefined();
    expect(decodeArrays(Buffer.from('qsfloat1 and more'))).toBeUndefined();
  });
});

describe('kept texts', () => {
  test('are found by another process and at another precision, and are shown as embeddings', async () => {
    (await kept())!.put('a cat', embedding);
    for (const precision of ['fp32', 'w8a8']) {
      const other = await kept({ large: 0 }, folderOf(precision));
      expect(other!.get('a cat')).toEqual(embedding);
      expect(other!.get('a dog')).toBeUndefined();
    }
    expect(artefactUsage(artefacts).kinds.embeddings.count).toBe(1);
  });

  test('are others where encoder, tokenizer, options or arithmetic differ', async () => {
    (await kept())!.put('a cat', embedding);
    expect((await kept({ large: 0 }, folderOf(), 1))!.get('a cat')).toBeUndefined();
    const guided = { ...folderOf(), options: { guidance: 2 } };
    expect((await kept({ large: 0 }, guided))!.get('a cat')).toBeUndefined();
    writeTinyStableDiffusion(join(root, 'other/tiny'), { ids: 'int32' });
    const other = openModelFolder('tiny', 'fp32', [join(root, 'other')]);
    expect((await kept({ large: 0 }, other))!.get('a cat')).toBeUndefined();
  });

  test('are not kept where encoders are small, and only up to the limit', async () => {
    expect(await kept({})).toBeUndefined();
    expect(await keptTexts(folderOf(), {}, undefined, { large: 0 })).toBeUndefined();
    const limited = (await kept({ large: 0, bytes: 45 }))!;
    for (const text of ['one', 'two', 'three']) limited.put(text, embedding);
    expect(['one', 'two', 'three'].map((text) => limited.get(text) !== undefined)).toEqual([true, true, false]);
  });

  test('that are damaged count as absent, and a full disk keeps nothing', async () => {
    const store = (await kept())!;
    store.put('a cat', embedding);
    const objects = join(artefacts, 'objects');
    const [group] = readdirSync(objects);
    const [name] = readdirSync(join(objects, group!));
    writeFileSync(join(objects, group!, name!), 'damaged');
    expect(store.get('a cat')).toBeUndefined();
    const full = {
      ...openArtefactFolder(artefacts),
      put: () => {
        throw new QschedError('failure', 'The disk is full.');
      },
    };
    const unkept = (await kept({ large: 0 }, folderOf(), 2, full))!;
    expect(() => unkept.put('a dog', embedding)).not.toThrow();
  });

  test('spare the encoders, whose output they equal', async () => {
    const encoded: string[] = [];
    const pipeline = fakePipeline({
      onCall: (network, texts) => {
        if (network === 'encode') encoded.push(...(texts as readonly string[]));
      },
    });
    const memory = new Map<string, Parameters<KeptTexts['put']>[1]>();
    const texts: KeptTexts = { get: (text) => memory.get(text), put: (text, states) => memory.set(text, states) };
    const first = createSampler(pipeline, () => true, undefined, texts);
    const found = await conditioningOf(first, new Set(['a', 'b']));
    const second = createSampler(pipeline, () => true, undefined, texts);
    const again = await conditioningOf(second, new Set(['a', 'b', 'c']));
    expect(encoded).toEqual(['a', 'b', 'c']);
    expect(again.get('a')).toEqual(found.get('a'));
    expect(pipeline.released).toBe(2);
  });
});
