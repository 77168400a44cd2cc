/**
 * `--margin lpips=0.1,objective=0.02`: absolute margins by score.
 */
import { pairs, type Tree } from './values.js';

/** The scores with their margins. A margin that is not a number stays a string, which the spec refuses. @throws QschedError (usage) */
export const margins = (text: string): Tree =>
  pairs('--margin', text, { what: 'a score with a margin', example: 'For example: --margin lpips=0.1' });
