/**
 * Noise levels of the training schedule: abar_t = prod_{i <= t} (1 - beta_i).
 *
 * Rounds at the same operations as torch 2.11 on a CPU, so that the numbers are equal bit for bit:
 * linspace in float32 with a fused multiply-add from the nearer end, beta and 1 - beta in
 * float32, the product accumulated in float64 and stored as float32.
 */

const { fround, sqrt } = Math;

/** How beta grows: in equal steps of beta, or of its square root. */
export type BetaSchedule = 'linear' | 'scaled_linear';

export interface BetaConfig {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: BetaSchedule;
}

/** abar_0 .. abar_(T-1), each a float32 value (diffusers 0.42.1, `alphas_cumprod`). */
export function alphasCumprod(config: BetaConfig): Float32Array {
  const { num_train_timesteps: count, beta_start: start, beta_end: end, beta_schedule: schedule } = config;
  const scaled = schedule === 'scaled_linear';
  const line = scaled ? linspace32(sqrt(start), sqrt(end), count) : linspace32(start, end, count);
  const abar = new Float32Array(count);
  let product = 1;
  for (let t = 0; t < count; t++) {
    const beta = scaled ? fround(line[t]! * line[t]!) : line[t]!;
    product *= fround(1 - beta);
    abar[t] = product;
  }
  return abar;
}

/** torch's linspace in float32: `count` numbers from `start` to `end`, counted from the nearer end. */
export function linspace32(start: number, end: number, count: number): Float32Array {
  const from = fround(start);
  const to = fround(end);
  const step = count > 1 ? fround(fround(to - from) / fround(count - 1)) : 0;
  const half = Math.floor(count / 2);
  return Float32Array.from({ length: count }, (_, i) =>
    count === 1 || i < half ? from + step * i : to - step * (count - 1 - i),
  );
}
