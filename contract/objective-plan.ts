/**
 * An objective spelt out: which raw terms of which scorers, in which form, with which weights.
 * Plain JSON: `prepare` makes it, the store scores by it.
 */

/** How a raw term enters: as it is, CLIPScore of Hessel et al. 2.5 * max(cos, 0), or torchmetrics' 100 * cos. */
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
  /** TC, how well image and text agree: the sum of these; none leaves TC out. */
  readonly text: readonly ObjectivePart[];
  /** IQ, how good the image is. */
  readonly quality: readonly ObjectivePart[];
  /** `log`: the text term is the logarithm of its mean. */
  readonly textOfMean: 'itself' | 'log';
  readonly weights: readonly [number, number];
}

/** The scorers that a plan needs, in order of first appearance. */
export const scorersOf = ({ text, quality }: Pick<ObjectivePlan, 'text' | 'quality'>): string[] => [
  ...new Set([...text, ...quality].map(({ scorer }) => scorer)),
];
