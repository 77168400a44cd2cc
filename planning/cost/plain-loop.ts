/**
 * What a plain loop takes: the network is called N times for every image, nothing is shared, and every candidate is
 * scored on every pair.
 */

/** Q-Sched's reference implementation at 4 steps: a grid of 50 x 50 on 20 prompts. */
export const REFERENCE_GRID = { candidates: 2500, images: 50_000, steps: 4, rows: 200_000 } as const;

/** Rows of a denoiser for images of which each is computed alone. @param rowsPerLatent 2 with classifier-free guidance */
export const plainRows = (images: number, steps: number, rowsPerLatent = 1): number => images * steps * rowsPerLatent;
