/** Folders of images that a gate compares: which belong together, and what is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { decodeImage } from '../../artefacts/artefact-formats.js';
import { keepFolders, matchFolders } from '../../artefacts/image-folders.js';
import { QschedError } from '../../contract/errors.js';
import type { ReadFoldersRequest } from '../../contract/image-folders.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-folders-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const png = (side = 4, value = 7, channels: 3 | 4 = 3): Uint8Array =>
  encode({ width: side, height: side, channels, depth: 8, data: new Uint8Array(side * side * channels).fill(value) });

const NAMES = Array.from({ length: 20 }, (_, i) => String(i + 1).padStart(3, '0'));

function folder(name: string, files: readonly string[] = NAMES.map((one) => `${one}.png`), side = 4): string {
  const path = join(root, name);
  mkdirSync(path);
  files.forEach((file, i) => writeFileSync(join(path, file), png(side, i)));
  return path;
}

const request = (own: Partial<ReadFoldersRequest>): ReadFoldersRequest => ({
  reference: join(root, 'a'),
  candidate: join(root, 'b'),
  spread: null,
  texts: null,
  readsPrompts: false,
  bySpread: null,
  ...own,
});

function refusal(own: Partial<ReadFoldersRequest> = {}): string {
  try {
    matchFolders(request(own));
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    expect((error as QschedError).code).toBe('usage');
    return `${(error as QschedError).message} ${(error as QschedError).hint}`;
  }
  throw new Error('it was not refused');
}

describe('folders that do not fit together are refused', () => {
  it('for other names', () => {
    folder('a');
    folder(
      'b',
      [...NAMES.slice(1), 'other'].map((one) => `${one}.png`),
    );
    expect(refusal()).toMatch(/The folders hold other names: "001" is not in .*b \(2 names are in one of them alone\)/);
  });

  it('for other sizes', () => {
    folder('a');
    folder('b', undefined, 8);
    expect(refusal()).toMatch(/The images have other sizes: .*001\.png has 4x4 pixels, and .* 8x8/);
  });

  it('for too few images', () => {
    for (const side of ['a', 'b']) folder(side, ['001.png', '002.png']);
    expect(refusal()).toMatch(/holds images of 2 prompts: a gate needs at least 20 for any verdict/);
  });

  it('for none at all, and for a folder that is not there', () => {
    folder('a', ['note.txt']);
    expect(refusal()).toMatch(/holds no PNG images/);
    expect(refusal({ reference: join(root, 'absent') })).toMatch(/There is no folder .*absent/);
  });

  it('for an image with transparency', () => {
    folder('a');
    writeFileSync(join(folder('b'), '003.png'), png(4, 1, 4));
    expect(refusal()).toMatch(/003\.png is not a PNG with 8 bits of red, green and blue/);
  });

  it('for a seed that one prompt lacks', () => {
    const files = NAMES.flatMap((one) => [`${one}-seed-1.png`, `${one}-seed-2.png`]);
    folder('a', files);
    folder('b', files.slice(0, -1));
    expect(refusal()).toMatch(/"020" has the seeds 1, and other prompts 1, 2/);
  });

  it('where nothing measures the spread that a margin needs', () => {
    for (const side of ['a', 'b']) folder(side);
    expect(refusal({ bySpread: 'objective' })).toMatch(
      /objective has no margin, and .* one image per prompt.*--spread-images/,
    );
    folder('c', ['001.png']);
    expect(refusal({ bySpread: 'objective', spread: join(root, 'c') })).toMatch(
      /has 0 images of "002", and the reference 1/,
    );
  });

  it('where a score reads prompts that nobody gave', () => {
    for (const side of ['a', 'b']) folder(side);
    expect(refusal({ readsPrompts: true })).toMatch(/A score reads the prompts, and there is no .*prompts\.json/);
    writeFileSync(join(root, 'a', 'prompts.json'), JSON.stringify({ '001': 'a red circle' }));
    expect(refusal({ readsPrompts: true })).toMatch(/prompts\.json has none for "002"/);
    expect(refusal({ texts: ['one'] })).toMatch(/There are 1 prompts, and images of 20/);
  });
});

describe('folders that fit together', () => {
  it('are kept as they are, prompt by prompt and seed by seed, whatever kind the names end with', async () => {
    const files = (kind: string) => NAMES.flatMap((one) => [2, 10].map((seed) => `${one}-seed-${seed}-${kind}.png`));
    folder('a', files('identity'));
    folder('b', files('calibrated'));
    const artefacts = openArtefactFolder(join(root, 'artefacts'));
    const found = await keepFolders(request({ bySpread: 'objective' }), artefacts, async () => undefined);
    expect(found).toMatchObject({ names: NAMES, seeds: [2, 10], spread: [] });
    expect(found.reference).toHaveLength(40);
    expect(decodeImage(artefacts.get(found.candidate[3]!)!)).toMatchObject({ width: 4, height: 4 });
    expect(found.reference).toEqual(found.candidate); // the same pixels here
  });

  it('have the texts of prompts.json', () => {
    for (const side of ['a', 'b']) folder(side);
    writeFileSync(
      join(root, 'a', 'prompts.json'),
      JSON.stringify(Object.fromEntries(NAMES.map((one) => [one, `text ${one}`]))),
    );
    expect(matchFolders(request({ readsPrompts: true })).prompts[1]).toEqual({ text: 'text 002', nouns: null });
  });
});
