/** `qsched images`: names that are safe everywhere, full-size PNG files, and what is missing. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSearch } from '../../bench/made-search.js';
import { imagesCommand } from '../../cli/commands/images-command.js';
import { imageName } from '../../cli/text/image-name.js';
import { openStore } from '../../db/open-store.js';
import { NOT_HERE } from '../../report/data/image-sources.js';

describe('the name of an image', () => {
  const about = { position: 16, seed: 1000, kind: 'calibrated' } as const;

  it.each([
    ['a small red square', '017-a-small-red-square-seed-1000-calibrated.png'],
    ['../../etc/passwd', '017-etc-passwd-seed-1000-calibrated.png'],
    ['CON', '017-con-seed-1000-calibrated.png'],
    ['Crème brûlée!', '017-creme-brulee-seed-1000-calibrated.png'],
    ['\u202e\u05e9\u05dc\u05d5\u05dd', '017-seed-1000-calibrated.png'],
    ['🙂'.repeat(9), '017-seed-1000-calibrated.png'],
  ])('of %j', (prompt, name) => {
    expect(imageName({ ...about, prompt })).toBe(name);
  });

  it('is plain and short, whatever the prompt', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2500 }), fc.nat(99_999), (prompt, position) => {
        const name = imageName({ ...about, prompt, position });
        expect(name).toMatch(/^\d{3,}-([a-z0-9]+-)*seed-1000-calibrated\.png$/);
        expect(name.length).toBeLessThan(110);
      }),
    );
  });

  it('is another one for an equal prompt at another place', () => {
    expect(imageName({ ...about, prompt: 'a' })).not.toBe(imageName({ ...about, prompt: 'a', position: 17 }));
  });
});

describe('qsched images', () => {
  let data: string;
  let out: string[];
  let told: string[];
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'qsched-images-'));
    vi.stubEnv('QSCHED_DATA', data);
    vi.stubEnv('QSCHED_ARTEFACTS', join(data, 'artefacts'));
    [out, told] = [[], []];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(data, { recursive: true, force: true });
  });
  const make = (until: 'calibration' | 'finished' = 'finished'): void => {
    const store = openStore(join(data, 'qsched.db'));
    const images = { folder: join(data, 'artefacts'), side: 8 };
    makeSearch(store, { id: 's', trials: 3, prompts: 2, heldOut: 20, images, until });
    store.$client.close();
  };
  const target = (): string => join(data, 'out');

  it('writes every held-out prompt under the baseline, the finalist and full precision', () => {
    make();
    expect(imagesCommand('s', { output: target() })).toBe(0);
    const files = readdirSync(target());
    expect(files).toHaveLength(60);
    expect(files).toContain('001-held-out-prompt-0-seed-1000-reference.png');
    expect(decode(readFileSync(join(target(), files[0]!)))).toMatchObject({ width: 8, height: 8, channels: 3 });
    expect(out.join('')).toBe(`wrote 60 images to ${target()} (identity, calibrated, reference)\n`);
  });

  it('lists them with --json, and what is missing', () => {
    make();
    const store = openStore(join(data, 'qsched.db'));
    const [image] = store.$client
      .prepare("select image from trial_images where stage = 'control' and number = 0 and position = 4")
      .pluck()
      .all() as [string];
    store.$client.close();
    rmSync(join(data, 'artefacts', 'objects', image.slice(0, 2), image));
    expect(imagesCommand('s', { output: target(), json: true })).toBe(0);
    const { searchId, images, missing } = JSON.parse(out.join('')) as {
      searchId: string;
      images: unknown[];
      missing: unknown[];
    };
    expect([searchId, images.length]).toEqual(['s', 59]);
    expect(images[0]).toEqual({
      file: '001-held-out-prompt-0-seed-1000-identity.png',
      position: 0,
      prompt: 'held-out prompt 0',
      seed: 1000,
      kind: 'identity',
    });
    expect(missing).toEqual([
      { position: 4, prompt: 'held-out prompt 4', seed: 1000, kind: 'reference', missing: NOT_HERE },
    ]);
  });

  it('refuses a folder with files in it, unless it may overwrite', () => {
    make();
    mkdirSync(target());
    writeFileSync(join(target(), 'mine.txt'), '');
    expect(() => imagesCommand('s', { output: target() })).toThrow(/is not empty/);
    expect(readdirSync(target())).toEqual(['mine.txt']);
    expect(imagesCommand('s', { output: target(), overwrite: true })).toBe(0);
    expect(readdirSync(target())).toHaveLength(61);
    expect(() => imagesCommand('s', { output: join(target(), 'mine.txt') })).toThrow(/is a file, not a folder/);
  });

  it('takes no notice of what an interrupted command has left beside the folder', () => {
    make();
    mkdirSync(`${target()}.new`);
    writeFileSync(join(`${target()}.new`, '001-held-out-prompt-0-seed-1000-identity.png'), 'half');
    expect(imagesCommand('s', { output: target() })).toBe(0);
    expect(readdirSync(target())).toHaveLength(60);
    expect(existsSync(`${target()}.new`)).toBe(false);
  });

  it('says why there is nothing to write', () => {
    make('calibration');
    expect(() => imagesCommand('s', { output: target() })).toThrow(
      /its finalist was not tested on held-out prompts yet/,
    );
    make();
    vi.stubEnv('QSCHED_ARTEFACTS', join(data, 'elsewhere'));
    expect(() => imagesCommand('s', { output: target() })).toThrow(
      /No image of the search "s" can be reached from here: not in this artefact folder/,
    );
  });
});
