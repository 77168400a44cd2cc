/**
 * x0 and the noise eps from a network's output m, with x = sqrt(abar) x0 + sqrt(1 - abar) eps:
 *
 *   epsilon       eps = m                                x0 = (x - sqrt(1 - abar) m) / sqrt(abar)
 *   sample        x0 = m                                 eps = (x - sqrt(abar) m) / sqrt(1 - abar)
 *   v_prediction  x0 = sqrt(abar) x - sqrt(1 - abar) m   eps = sqrt(abar) m + sqrt(1 - abar) x
 */

const { sqrt } = Math;

/** What the network was trained to predict. */
export type PredictionType = 'epsilon' | 'sample' | 'v_prediction';

/** Weights of x and m. */
export interface Mix {
  readonly x: number;
  readonly m: number;
}

/** x0 and eps as mixes of x and m, at the noise level `abar`. */
export function predict(type: PredictionType, abar: number): { readonly x0: Mix; readonly eps: Mix } {
  const alpha = sqrt(abar);
  const sigma = sqrt(1 - abar);
  switch (type) {
    case 'epsilon':
      return { x0: { x: 1 / alpha, m: -sigma / alpha }, eps: { x: 0, m: 1 } };
    case 'sample':
      return { x0: { x: 0, m: 1 }, eps: { x: 1 / sigma, m: -alpha / sigma } };
    case 'v_prediction':
      return { x0: { x: alpha, m: -sigma }, eps: { x: sigma, m: alpha } };
  }
}
