/**
 * An objective in full: which raw terms of which scorers, in which form, with which weights. Plain JSON: `plan` creates it,
 * the store computes scores with it.
 */

/** How a raw term is used: unchanged, as Hessel et al.'s CLIPScore 2.5 * max(cos, 0), or as torchmetrics' 100 * cos. */
export type TermForm = 'raw' | 'hessel' | 'percent';

/** One weighted term. */
export interface ObjectivePart {
  readonly scorer: string;
  readonly term: string;
  readonly form: TermForm;
  readonly weight: number;
}

/** score = weights[0] * TC + weights[1] * IQ, higher is better. */
export interface ObjectivePlan {
  readonly type: string;
  readonly k: number;
  /** TC, agreement of image and text: the sum of these parts; empty for an objective without TC. */
  readonly text: readonly ObjectivePart[];
  /** IQ, image quality: the sum of these parts. */
  readonly quality: readonly ObjectivePart[];
  /** `log`: the logarithm of the text term's mean is used. */
  readonly textOfMean: 'itself' | 'log';
  readonly weights: readonly [number, number];
}

/** The scorers that a plan needs, in order of first appearance. */
export const scorersOf = ({ text, quality }: Pick<ObjectivePlan, 'text' | 'quality'>): string[] => [
  ...new Set([...text, ...quality].map(({ scorer }) => scorer)),
];
