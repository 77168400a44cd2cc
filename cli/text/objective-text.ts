/**
 * How a score is made of its two terms, in words.
 */

/** @param k a number, or the letter where several are shown */
export function scoreFormula(type: string, k: number | 'k'): string {
  if (type === 'jaq-preference-tables') return `${k} x text + quality`;
  if (type === 'iq') return 'quality';
  if (type === 'weighted' && k !== 'k') return 'text + quality';
  return `text + ${k} x quality`;
}
