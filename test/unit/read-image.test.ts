/** Images for scoring: PNG files of every kind are read as Pillow reads them, and what is no image is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readImage } from '../../library/read-image.js';

const { width, height, cases, deep } = JSON.parse(
  readFileSync(new URL('../golden/png-images.json', import.meta.url), 'utf8'),
) as { width: number; height: number; cases: { name: string; png: string; rgb: number[] }[]; deep: string };
const folder = mkdtempSync(join(tmpdir(), 'qsched-png-'));
const fileOf = (name: string, content: string): string => {
  const path = join(folder, `${name}.png`);
  writeFileSync(path, Buffer.from(content, 'base64'));
  return path;
};

afterAll(() => rmSync(folder, { recursive: true }));

describe('readImage', () => {
  it.each(cases)('reads a PNG of Pillow mode $name', ({ name, png, rgb }) => {
    const image = readImage(fileOf(name, png));
    expect({ ...image, data: [...image.data] }).toEqual({ width, height, data: rgb });
  });

  it('takes an image that is in memory as it is', () => {
    const image = { width: 1, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(readImage(image)).toBe(image);
    expect(() => readImage({ ...image, height: 3 })).toThrow(/RGB image of 1 x 3 pixels needs 9 bytes, not 6/);
  });

  it('refuses 16 bits, other files and no file', () => {
    expect(() => readImage(fileOf('deep', deep))).toThrow(/deep\.png has 16 bits per value/);
    expect(() => readImage(fileOf('text', 'bm8gaW1hZ2U='))).toThrow(/text\.png cannot be read as a PNG image/);
    expect(() => readImage(join(folder, 'absent.png'))).toThrow(/absent\.png cannot be read as a PNG image: ENOENT/);
  });
});
