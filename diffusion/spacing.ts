/**
 * How timesteps spread over the training schedule of T steps (Lin et al. 2023, Table 2), as
 * numpy computes them in diffusers 0.42.1:
 *
 *   linspace  0 .. T - 1, both included
 *   leading   multiples of floor(T / N), plus steps_offset
 *   trailing  round(T - i T / N) - 1
 */
import { QschedError } from '../contract/errors.js';
import { linspace } from './coefficients.js';

const { floor } = Math;

export type TimestepSpacing = 'linspace' | 'leading' | 'trailing';

interface SpacingConfig {
  readonly num_train_timesteps: number;
  readonly timestep_spacing: TimestepSpacing;
  readonly steps_offset: number;
}

/**
 * Falling timesteps. Those of `linspace` are float64 fractions: DDIM rounds them to whole numbers (roundHalfEven), the
 * Euler samplers to float32.
 *
 * @throws QschedError (usage) if steps_offset pushes a timestep out of the training schedule
 */
export function spacedTimesteps(config: SpacingConfig, steps: number): number[] {
  const { num_train_timesteps: T, timestep_spacing: spacing, steps_offset: offset } = config;
  const indices = Array.from({ length: steps }, (_, i) => i);
  switch (spacing) {
    case 'linspace':
      return linspace(0, T - 1, steps).reverse();
    case 'leading': {
      const stride = floor(T / steps);
      const timesteps = indices.map((i) => i * stride + offset).reverse();
      if (timesteps[0]! > T - 1) {
        throw new QschedError(
          'usage',
          `steps_offset is ${offset}: with ${steps} leading steps the first timestep is ${timesteps[0]!}, past the last one, ${T - 1}.`,
          'Lower steps_offset in the scheduler config, or take other steps.',
        );
      }
      return timesteps;
    }
    case 'trailing': {
      const delta = T - T / steps - T; // as numpy's arange: the difference of its first two values
      return indices.map((i) => roundHalfEven(T + i * delta) - 1);
    }
  }
}

/** The nearest whole number, halves to the even one, as numpy's round. */
export function roundHalfEven(value: number): number {
  const low = floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}
