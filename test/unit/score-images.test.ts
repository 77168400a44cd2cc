/** Scoring images from a program: what is refused before a network is loaded, and that order and source do not matter. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scoreImages } from '../../library/score-images.js';
import { ROOT } from '../markdown.js';

const image = (seed: number) => ({
  width: 24,
  height: 32,
  data: Uint8Array.from({ length: 24 * 32 * 3 }, (_, i) => (i * (7 + seed)) % 256),
});
const images = [image(0), image(1), image(2)];
const prompts = ['a red circle', 'a blue square', 'a green star'];

it('gives each image its own terms, whatever its neighbours, for a name as for a path', async () => {
  const scores = await scoreImages(images, { prompts, scorer: 'shapes-clip', threads: 1 });
  const path = join(ROOT, 'models', 'shapes-clip');
  const backwards = await scoreImages([...images].reverse(), {
    prompts: [...prompts].reverse(),
    scorer: path,
    threads: 1,
  });
  expect([...backwards].reverse()).toEqual(scores);
  const [{ terms, jaq }] = scores as [(typeof scores)[number]];
  expect(jaq).toBe(2.5 * Math.max(terms['cosine']!, 0) + 2 * terms['clip-iqa.quality']!);
});

it('weighs quality by k, and has no JAQ where the scorer is no CLIP', async () => {
  const [plain] = await scoreImages([image(0)], { prompts: 'a star', scorer: 'shapes-clip', k: 0, threads: 1 });
  expect(plain!.jaq).toBe(2.5 * Math.max(plain!.terms['cosine']!, 0));
  const [brisque] = await scoreImages([image(0)], { prompts: 'a star', scorer: 'shapes-brisque', threads: 1 });
  expect(brisque!.jaq).toBeNull();
  expect(brisque!.terms['brisque']).toEqual(expect.any(Number));
});

it.each([
  [{ prompts: ['one'], scorer: 'shapes-clip' }, /There are 3 images but 1 prompts/],
  [{ prompts, scorer: 'shapes-clipp' }, /There is no scorer "shapes-clipp"/],
  [{ prompts, scorer: 'shapes-clip', device: 'gpu' }, /gpu/],
  [{ prompts, scorer: 'shapes-clip', k: -1 }, /must not be negative/],
])('refuses %o', async (options, message) => {
  await expect(scoreImages(images, options)).rejects.toThrow(message);
});
