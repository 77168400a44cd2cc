/**
 * What sentences call the methods of fitting.
 */
import type { FitChoice } from './fit-payloads.js';

/** As in `of shapes w4a8`, and as in `corrects a quantised network`. */
export const FIT_METHODS: Readonly<Record<FitChoice['method'], { readonly title: string; readonly subject: string }>> =
  {
    ptqd: { title: 'PTQD', subject: 'PTQD' },
    match: { title: 'least-squares match', subject: 'a least-squares match' },
  };
