/**
 * The verdict of a gate as a sentence.
 */
import type { GateLook, GateScore } from '../contract/gate-result.js';

interface Judged {
  readonly verdict: GateLook['verdict'];
  readonly scores: readonly GateScore[];
  readonly promptsToDecide: number | null;
  readonly lost: number;
  /** Prompts that were looked at, and the most that there are. */
  readonly prompts: number;
  readonly most: number;
  readonly reasons: readonly string[];
}

/** `passed: objective and second lose less than their margins, on 120 prompts.` */
export function gateReason({ verdict, scores, promptsToDecide, lost, prompts, most, reasons }: Judged): string {
  const named = (state: GateScore['state']): string =>
    listed(scores.filter((score) => score.state === state).map(({ name }) => name));
  if (verdict === 'passed') return `${named('passed')} within the margin, on ${prompts} prompts.`;
  if (verdict === 'failed') return `${named('failed')} worse than the margin, on ${prompts} prompts.`;
  const open = `${named('open')} undecided after ${prompts} prompts`;
  if (verdict === 'continue') return `${open} so far.`;
  if (lost > 0 && scores.every(({ state }) => state === 'passed')) {
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
    return `Every score is within its margin, but ${lost} of ${prompts} prompts lack an image or a score${why}.`;
  }
  if (promptsToDecide === null) return `${open}; no number is likely to decide: an estimate is at its margin.`;
  const more = promptsToDecide > most ? `, and there are ${most}` : '';
  return `${open}: about ${promptsToDecide} prompts would decide${more}.`;
}

function listed(names: readonly string[]): string {
  const verb = names.length === 1 ? 'is' : 'are';
  const all = names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${all} ${verb}`;
}
