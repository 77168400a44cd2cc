/** `qsched export` and `qsched check` on a stored search of the bundled model: no server, no network call. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkCommand } from '../../cli/commands/check-command.js';
import { exportCommand } from '../../cli/commands/export-command.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import { openStore, type Store } from '../../db/open-store.js';
import { closeSearch } from '../../db/searches.js';
import { storeSchedule } from '../../db/schedules.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { readProvenance } from '../../exports/read-provenance.js';
import { hashFiles } from '../../inference/models/file-hashes.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { modelRoots } from '../../inference/models/model-roots.js';
import { makeKnownSearch } from './known-search.js';

const SCHEDULER = { type: 'tcd', steps: 4, eta: 0 } as const;
const ONES = { sample: [1, 1, 1, 1], noise: [1, 1, 1, 1] };
const FINALIST = { sample: [0.98, 1.01, 1, 0.99], noise: [1.05, 1.02, 0.97, 1] };

let folder: string;
let store: Store;

/** Ends a search with a verdict. */
function close(id: string, recommend: 'calibrated' | 'identity'): void {
  const heldOut = { recommend, reason: 'because', gain: 0.01, low: -0.02, high: 0.04, prompts: 128, scorers: [] };
  closeSearch(store, id, {
    status: 'finished',
    result: {
      finalist: FINALIST,
      best: { coefficients: FINALIST },
      identity: { coefficients: ONES },
      heldOut,
    } as unknown as SearchResult,
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-export-'));
  vi.stubEnv('QSCHED_DATA', folder);
  store = openStore(join(folder, 'qsched.db'));
  const model = openModelFolder('shapes', 'w4a8');
  const provenance = {
    files: await hashFiles(model.folder, model.files),
    precision: 'w4a8',
    schedule: schedulerOf(model, SCHEDULER).schedule(),
    scorer: { name: 'clip', version: 3 },
    numeric: { provider: 'cpu', onnxruntime: '1.30.0', batch: 20 },
  };
  for (const id of ['gained', 'lost']) {
    makeKnownSearch(store, id, { provenance, spec: { model: 'shapes', scheduler: SCHEDULER } });
  }
  close('gained', 'calibrated');
  close('lost', 'identity');
});
afterAll(() => {
  vi.unstubAllEnvs();
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command printed. */
async function said(run: () => number | Promise<number>): Promise<Said> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => stdout.push(String(chunk)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => stderr.push(String(chunk)) > 0),
  ];
  try {
    return { code: await run(), stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const exported = (what: string | undefined, flags: Parameters<typeof exportCommand>[1] = {}) =>
  said(() => exportCommand(what, flags));
const checked = (path: string, flags: Parameters<typeof checkCommand>[1] = {}) => said(() => checkCommand(path, flags));
const place = (name: string): string => join(folder, name);

describe('provenance', () => {
  it('travels with the JSON document', async () => {
    const { stdout } = await exported('gained');
    const { provenance, coefficients, kind } = JSON.parse(stdout) as CompleteSchedule;
    expect({ coefficients, kind }).toEqual({ coefficients: FINALIST, kind: 'q-sched' });
    expect(provenance).toMatchObject({
      qsched: '0.1.0',
      model: 'shapes',
      precision: 'w4a8',
      searchId: 'gained',
      which: 'recommended',
      numeric: { onnxruntime: '1.30.0' },
      verdict: { recommend: 'calibrated', gain: 0.01, low: -0.02, high: 0.04, prompts: 128 },
    });
    expect(Object.keys(provenance!.files!)).toContain('unet/model_w4a8.onnx');
  });

  it('is the same in every target', async () => {
    const { stdout } = await exported('gained');
    const { provenance } = JSON.parse(stdout) as CompleteSchedule;
    for (const to of ['json', 'onnx', 'diffusers', 'comfyui']) {
      const { code } = await exported('gained', { to, output: place(`same-${to}`) });
      expect(code).toBe(0);
      expect(readProvenance(readFileSync(place(`same-${to}`)), to)).toEqual(provenance);
    }
  });

  it('of a stored schedule and of a file is what they came with', async () => {
    const { stdout } = await exported('gained');
    const document = JSON.parse(stdout) as CompleteSchedule;
    const { id } = storeSchedule(store, document);
    const again = await exported(id.slice(0, 12));
    expect((JSON.parse(again.stdout) as CompleteSchedule).provenance).toEqual(document.provenance);
    writeFileSync(place('file.json'), stdout);
    const fromFile = await exported(place('file.json'));
    expect((JSON.parse(fromFile.stdout) as CompleteSchedule).provenance).toEqual(document.provenance);
  });
});

describe('a verdict for the baseline', () => {
  it('is told before the baseline is exported', async () => {
    const { stdout, stderr } = await exported('lost');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'identity', coefficients: ONES });
    expect(stderr).toContain('note: the baseline is exported (all coefficients 1)');
    expect(stderr).toContain('+0.0100 [-0.0200, +0.0400] on 128 held-out prompts');
    expect(stderr).toContain('--which finalist');
  });

  it('leaves the finalist to whoever asks for it, with a sentence', async () => {
    const { stdout, stderr } = await exported('lost', { which: 'finalist' });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'q-sched', coefficients: FINALIST });
    expect(stderr).toContain('not recommended by the verdict');
  });
});

describe('files', () => {
  it('go where --output says: a folder, or a path', async () => {
    mkdirSync(place('home'));
    await exported('gained', { to: 'onnx', output: place('home') });
    await exported('gained', { to: 'onnx', output: place('new/step.onnx') });
    expect(readdirSync(place('home'))).toEqual(['scheduler_step.onnx']);
    expect(readdirSync(place('new'))).toEqual(['step.onnx']);
    const { stdout } = await exported('gained', { to: 'onnx', output: place('home'), json: true });
    expect(JSON.parse(stdout)).toMatchObject({ output: place('home/scheduler_step.onnx') });
  });

  it('are not half-written', async () => {
    writeFileSync(place('in-the-way'), '');
    await expect(exported('gained', { to: 'onnx', output: place('in-the-way/step.onnx') })).rejects.toThrow(
      /The export cannot be written to/,
    );
    await expect(
      exported('gained', { to: 'onnx', output: place('home/none.onnx'), arithmetic: 'half' }),
    ).rejects.toThrow('--arithmetic is "half"');
    expect(readdirSync(place('home'))).toEqual(['scheduler_step.onnx']);
    expect(readFileSync(place('in-the-way'), 'utf8')).toBe('');
  });
});

describe('is refused', () => {
  it.each<[string, string | undefined, Parameters<typeof exportCommand>[1], RegExp, string]>([
    ['an unknown target', 'gained', { to: 'onx' }, /--to is "onx"/, 'Did you mean "onnx"?'],
    ['a flag of another target', 'gained', { arithmetic: 'double' }, /--arithmetic applies to --to onnx/, ''],
    [
      'the reference in another format',
      'gained',
      { to: 'onnx', format: 'reference' },
      /--format reference is JSON/,
      '',
    ],
    ['an unknown search', 'gaimed', {}, /There is no search "gaimed"/, 'Did you mean "gained"?'],
    ['an unknown result', 'gained', { which: 'last' }, /--which is "last"/, ''],
  ])('%s', async (_, what, flags, message, hint) => {
    const error = await exported(what, flags).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(message) as string });
    expect((error as { hint: string }).hint).toContain(hint);
  });

  it('--which for a schedule', async () => {
    await exported('gained', { output: place('which.json') });
    await expect(exported(place('which.json'), { which: 'best' })).rejects.toThrow('--which chooses among the results');
  });
});

describe('qsched check', () => {
  const path = (): string => place('checked.onnx');
  /** A copy of the bundled model, under another root. */
  const copied = (name: string, change: (root: string) => void): string => {
    const root = place(`models-${name}`);
    cpSync(join(modelRoots().at(-1)!, 'shapes'), join(root, name), { recursive: true });
    change(join(root, name));
    vi.stubEnv('QSCHED_MODELS', root);
    return name;
  };
  beforeAll(async () => {
    await exported('gained', { to: 'onnx', output: path() });
  });

  it('finds the model that the schedule was made for', async () => {
    const { code, stdout } = await checked(path());
    expect(code).toBe(0);
    expect(stdout).toContain('match: shapes w4a8 is what the schedule was made for');
    expect(stdout).toContain('from the search gained');
    expect(stdout).toContain('verdict: calibrated, gain +0.0100 [-0.0200, +0.0400] on 128 held-out prompts');
  });

  it('tells another precision of the same model', async () => {
    const { code, stdout } = await checked(path(), { precision: 'fp32' });
    expect(code).toBe(1);
    expect(stdout).toContain('other precision: shapes fp32 is the same model, but the schedule was made for w4a8');
  });

  it('finds it under another name', async () => {
    const name = copied('renamed', () => undefined);
    const { code, stdout } = await checked(path(), { model: name });
    expect(code).toBe(0);
    expect(stdout).toContain('match: renamed w4a8');
  });

  it('tells which files differ', async () => {
    const name = copied('changed', (root) => {
      const decoder = join(root, 'vae_decoder', 'model.onnx');
      writeFileSync(decoder, Buffer.concat([readFileSync(decoder), Buffer.from([0x3a, 0x00])]));
    });
    const { code, stdout } = await checked(path(), { model: name, json: true });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      answer: 'other',
      precision: 'w4a8',
      changed: ['vae_decoder/model.onnx'],
    });
  });

  it('does not take a denoiser that was quantised again for another precision', async () => {
    const name = copied('requantised', (root) => {
      const denoiser = join(root, 'unet', 'model_w4a8.onnx');
      writeFileSync(denoiser, Buffer.concat([readFileSync(denoiser), Buffer.from([0x3a, 0x00])]));
    });
    const { code, stdout } = await checked(path(), { model: name });
    expect(code).toBe(1);
    expect(stdout).toContain('other files: requantised w4a8 is not what the schedule was made for (shapes w4a8)');
    expect(stdout).toContain('changed: unet/model_w4a8.onnx');
  });

  it('knows a model behind a server by what the server said of itself', async () => {
    const name = 'behind';
    const root = place('models-behind');
    const described = {
      protocol: 1,
      identity: 'one',
      server: { name: 'made', version: '1' },
      pipeline: 'sd15',
      precisions: { fp32: { weights: {} }, w4a8: { weights: {} } },
      latentShape: [4, 8, 8],
      pixelsPerLatent: 8,
      schedulerConfig: {},
      batches: { text: 1, denoiser: 1, decoder: 1 },
      dtype: 'F32',
      device: 'cpu',
      versions: { torch: '2.0' },
    };
    const describe = (more: object): void =>
      writeFileSync(join(root, name, 'described.json'), JSON.stringify({ ...described, ...more }));
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'server.json'), '{"address": "http://127.0.0.1:1"}');
    describe({});
    vi.stubEnv('QSCHED_MODELS', root);
    const document = JSON.parse((await exported('gained')).stdout) as CompleteSchedule;
    const files = await hashFiles(join(root, name), ['described.json']);
    writeFileSync(place('served.json'), JSON.stringify({ ...document, provenance: { ...document.provenance, files } }));
    expect(await checked(place('served.json'), { model: name })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('match: behind w4a8 is what the schedule was made for') as string,
    });
    expect(await checked(place('served.json'), { model: name, precision: 'fp32' })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('other precision: behind fp32 is the same model') as string,
    });
    describe({ versions: { torch: '2.1' } });
    const { code, stdout } = await checked(place('served.json'), { model: name });
    expect(code).toBe(1);
    expect(stdout).toContain(
      'changed: described.json\n  its server has other weights, versions, device or rows per call',
    );
  });

  it.each<[string, () => string, RegExp]>([
    ['a file that is not there', () => place('absent'), /cannot be read/],
    ['a file of another program', () => join(modelRoots().at(-1)!, 'manifest.json'), /carries no provenance/],
    ['a network', () => join(modelRoots().at(-1)!, 'shapes/vae_decoder/model.onnx'), /carries no provenance/],
  ])('refuses %s', async (_, file, message) => {
    await expect(checked(file())).rejects.toThrow(message);
  });

  it('refuses a schedule that was scored with nothing', async () => {
    const hand = { format: 'qsched-schedule/1', model: 'shapes', scheduler: SCHEDULER, coefficients: FINALIST };
    writeFileSync(place('hand.json'), JSON.stringify(hand));
    await exported(place('hand.json'), { output: place('hand-exported.json') });
    expect(existsSync(place('hand-exported.json'))).toBe(true);
    await expect(checked(place('hand-exported.json'))).rejects.toThrow('was made from a schedule alone');
  });
});
