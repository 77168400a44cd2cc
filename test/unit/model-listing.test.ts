/** Model folders as `qsched models` lists them, and half-exported ones beside those that can be served. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hashModel, inspectModels } from '../../inference/model-listing.js';
import { listModels } from '../../inference/models/model-roots.js';
import { distinctQueues } from '../../inference/verify.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-listing-'));
  writeTinyStableDiffusion(join(root, 'whole'));
  cpSync(join(root, 'whole', 'unet', 'model.onnx'), join(root, 'whole', 'unet', 'model_w4a8.onnx'));
  vi.stubEnv('QSCHED_MODELS', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const listed = (place?: string) => inspectModels(place).map((model) => model.listed);
const lackOf = (name: string) => listed(root).find((one) => one.name === name)!.missing;

/** Copies the whole model, without some files. */
function half(name: string, ...without: string[]): void {
  cpSync(join(root, 'whole'), join(root, name), { recursive: true });
  for (const file of without) rmSync(join(root, name, file), { recursive: true });
}

describe('a listing', () => {
  test('tells family, scheduler, steps, precisions and bytes, and misses nothing in a whole folder', () => {
    const [model] = listed(root);
    expect(model).toMatchObject({
      name: 'whole',
      path: join(root, 'whole'),
      family: 'sd15',
      scheduler: 'tcd',
      steps: 4,
      precisions: ['fp32', 'w4a8'],
      missing: [],
    });
    expect(model!.bytes).toBeGreaterThan(1000);
    expect(listed(join(root, 'whole'))).toEqual([model]);
    expect(listed().map(({ name }) => name)).toEqual(expect.arrayContaining(['shapes', 'whole']));
  });

  test('has a hash that changes with every file that determines images, and with no other', async () => {
    const hash = async () => hashModel(inspectModels(root)[0]!);
    const before = await hash();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    writeFileSync(join(root, 'whole', 'README.md'), 'about it');
    expect(await hash()).toBe(before);
    writeFileSync(join(root, 'whole', 'scheduler', 'scheduler_config.json'), '{"_class_name":"LCMScheduler"}');
    expect(await hash()).not.toBe(before);
  });

  test('names the command that makes what a folder lacks', () => {
    half('no-tokenizer', 'tokenizer');
    expect(lackOf('no-tokenizer')).toEqual([
      {
        what: `The model folder ${join(root, 'no-tokenizer', 'tokenizer')} lacks tokenizer.json, or vocab.json with merges.txt.`,
        make: expect.stringContaining(
          "AutoTokenizer.from_pretrained('CHECKPOINT', subfolder='tokenizer').save_pretrained",
        ) as string,
      },
    ]);
    half('no-vae', 'vae_decoder/model.onnx');
    expect(lackOf('no-vae')[0]).toMatchObject({
      what: expect.stringContaining('lacks vae_decoder/model.onnx') as string,
      make: expect.stringContaining(`optimum-cli export onnx --model CHECKPOINT ${join(root, 'no-vae')}`) as string,
    });
    half('plain', 'unet/model_w4a8.onnx');
    expect(lackOf('plain')).toEqual([
      { what: 'no quantised network', make: `python tools/quantise_model.py ${join(root, 'plain')} --to w8a8,w4a8` },
    ]);
    half('narrow', 'unet/model.onnx');
    expect(lackOf('narrow')[0]!.what).toMatch(/^no full-precision network/);
  });

  test('shows what cannot be used with what is wrong: PyTorch weights, a damaged network, an unknown key, a name', () => {
    mkdirSync(join(root, 'torch', 'unet'), { recursive: true });
    writeFileSync(join(root, 'torch', 'model_index.json'), '{}');
    writeFileSync(join(root, 'torch', 'unet', 'diffusion_pytorch_model.safetensors'), '');
    expect(lackOf('torch')[0]).toMatchObject({
      what: expect.stringContaining('holds PyTorch weights') as string,
      make: expect.stringContaining('python tools/export_model.py') as string,
    });
    half('damaged');
    writeFileSync(join(root, 'damaged', 'unet', 'model_w4a8.onnx'), 'version https://git-lfs');
    expect(lackOf('damaged')[0]!.what).toContain(join(root, 'damaged', 'unet', 'model_w4a8.onnx'));
    half('settings');
    writeFileSync(join(root, 'settings', 'qsched.json'), '{"defaultPrecison": "w4a8"}');
    expect(lackOf('settings')[0]).toEqual({
      what: `${join(root, 'settings', 'qsched.json')}: Unknown key "defaultPrecison".`,
      make: 'Did you mean "defaultPrecision"? Allowed: scorers, prompts, defaultPrecision, scheduler.',
    });
    half('my model');
    expect(lackOf('my model')[0]!.make).toBe(`mv '${join(root, 'my model')}' '${join(root, 'my-model')}'`);
    expect(listModels([root])).not.toContain('my model');
  });

  test('of no folder, and of a folder without models, is refused', () => {
    expect(() => listed(join(root, 'absent'))).toThrow(/is not a folder/);
    expect(() => listed(join(root, 'whole', 'tokenizer'))).toThrow(/holds no model folder/);
  });
});

describe('workers', () => {
  test('serve the others if one folder is half exported, and say what it lacks', async () => {
    half('no-tokenizer', 'tokenizer');
    half('no-denoiser', 'unet');
    const alone = await distinctQueues(['whole'], {});
    const { queues, refused } = await distinctQueues(['no-denoiser', 'no-tokenizer', 'whole'], {});
    expect(queues).toEqual(alone.queues);
    expect(refused).toEqual([
      expect.stringMatching(/^not served: .*no-denoiser lacks unet\/model\.onnx or transformer\/model\.onnx/) as string,
      expect.stringMatching(/^not served: .*no-tokenizer\/tokenizer lacks tokenizer\.json/) as string,
    ]);
  });

  test('do not start if nothing can be served', async () => {
    half('no-tokenizer', 'tokenizer');
    await expect(distinctQueues(['no-tokenizer'], {})).rejects.toThrow(/lacks tokenizer\.json/);
  });
});
