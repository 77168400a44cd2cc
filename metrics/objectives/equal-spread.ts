/**
 * The weight k at which both terms of an objective vary equally over candidates: k = sd(TC) / sd(IQ), or its inverse where
 * k multiplies TC. An answer to the open question of Q-Sched (arXiv 2509.01624), whose k is set by hand.
 */
import type { ObjectivePlan } from '../../contract/objective-plan.js';
import type { MeanTerms } from './jaq.js';
import { weightsAt } from './ranking.js';
import { kWeighs } from './registry.js';

const { sqrt } = Math;

/** A k beyond these says that one term hardly varies. */
const [LEAST, MOST] = [1e-3, 1e3];
/** Enough for any decision, few enough to type. */
const DIGITS = 4;

/**
 * Rounded to 4 significant digits, so that a search that is given this k is the same search.
 *
 * @param terms mean terms of the candidates on the same images
 * @param type of the objective
 * @returns null if a term is missing or does not vary, or if k would lie outside [0.001, 1000]
 */
export function equalSpread(terms: readonly MeanTerms[], type: string): number | null {
  const [text, quality] = [spread(terms.map(({ tc }) => tc)), spread(terms.map(({ iq }) => iq))];
  const k = kWeighs(type) === 'text' ? quality / text : text / quality;
  return k >= LEAST && k <= MOST ? Number(k.toPrecision(DIGITS)) : null;
}

/** Standard deviation; NaN if a value is missing. */
function spread(values: readonly (number | null)[]): number {
  const known = values.map((value) => value ?? NaN);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
}

/** The plan of an objective with another k; other plans remain as they are. */
export const planAtK = (plan: ObjectivePlan, type: string, k: number): ObjectivePlan =>
  plan.type === type ? { ...plan, k, weights: weightsAt(type, k, plan.text.length > 0) } : plan;
