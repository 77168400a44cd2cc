/**
 * mu of a dynamic shift, as diffusers 0.42.1's pipelines compute it from the number of packed image tokens.
 */

/** The line of FLUX.1's pipelines (`calculate_shift`), from a scheduler's config. */
export interface ShiftLine {
  readonly base_shift: number;
  readonly max_shift: number;
  readonly base_image_seq_len: number;
  readonly max_image_seq_len: number;
}

const FLUX_LINE: ShiftLine = { base_shift: 0.5, max_shift: 1.15, base_image_seq_len: 256, max_image_seq_len: 4096 };

/**
 * FLUX.1: a line over the number of tokens, from base_shift at base_image_seq_len to max_shift at max_image_seq_len.
 */
export function dynamicShift(tokens: number, line: ShiftLine = FLUX_LINE): number {
  const slope = (line.max_shift - line.base_shift) / (line.max_image_seq_len - line.base_image_seq_len);
  return tokens * slope + (line.base_shift - slope * line.base_image_seq_len);
}

/**
 * FLUX.2 (`compute_empirical_mu`): from tokens and steps, whatever the scheduler's config says. It jumps at 4,300 tokens.
 */
export function empiricalShift(tokens: number, steps: number): number {
  const at200 = 0.00016927 * tokens + 0.45666666;
  if (tokens > 4300) return at200;
  const at10 = 8.73809524e-5 * tokens + 1.89833333;
  const slope = (at200 - at10) / 190;
  return slope * steps + (at200 - 200 * slope);
}
