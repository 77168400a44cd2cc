/**
 * Timesteps of the schedulers distilled on a coarse grid (TCD, LCM; diffusers 0.42.1):
 * grid = k * (1 .. S) - 1 with k = floor(T / S), from which `steps` are taken from the noisy end
 * at indices floor(i * S / steps). S is `original_inference_steps`.
 */
export function consistencyTimesteps(trainTimesteps: number, originalSteps: number, steps: number): number[] {
  const k = Math.floor(trainTimesteps / originalSteps);
  const spacing = originalSteps / steps;
  return Array.from({ length: steps }, (_, i) => (originalSteps - Math.floor(i * spacing)) * k - 1);
}
