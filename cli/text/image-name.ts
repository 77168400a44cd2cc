/**
 * Names of image files: safe on every system, and different for every prompt.
 */

/** Characters of a prompt in a name. */
const LONGEST = 60;

/** What an image is made with: the baseline, the finalist, or the baseline of the full-precision network. */
export const IMAGE_KINDS = ['identity', 'calibrated', 'reference'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Which image. */
export interface NamedImage {
  /** Of the prompt among the held-out ones, from 0. */
  readonly position: number;
  readonly prompt: string;
  readonly seed: number;
  readonly kind: ImageKind;
}

/**
 * `017-a-small-red-square-seed-1000-calibrated.png`: the number of the prompt, from 1, makes it the only one of its name, and
 * keeps it from being a reserved one (such as CON of Windows); of the prompt itself, letters a to z and digits.
 */
export function imageName({ position, prompt, seed, kind }: NamedImage): string {
  const plain = prompt
    .slice(0, 4 * LONGEST)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replaceAll(/^-+|-+$/g, '');
  const number = String(position + 1).padStart(3, '0');
  return [number, ...(plain === '' ? [] : [plain]), 'seed', seed, kind].join('-') + '.png';
}
