/**
 * Options that a user gives: classifier-free guidance with a negative prompt, and what a kind does not take.
 */
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';

/** noise = u + scale (t - u), with t of the text and u of the negative prompt. */
export interface Guidance {
  readonly scale: number;
  /** Absent if none was given. */
  readonly negativePrompt?: string;
}

const MAXIMUM = 100;

/** @throws QschedError (usage) naming the first option that is given and not taken. @param what a kind of model */
export function refuseOptions(
  what: string,
  options: PipelineOptions,
  reasons: Readonly<Partial<Record<keyof PipelineOptions, string>>>,
): void {
  for (const [name, reason] of Object.entries(reasons)) {
    if (options[name as keyof PipelineOptions] === undefined) continue;
    throw new QschedError('usage', `${what} does not take the option ${name}: ${reason}.`, `Leave ${name} out.`);
  }
}

/** The scale that was given. @throws QschedError (usage) if it is out of range */
export function guidanceScale({ guidance }: PipelineOptions): number | undefined {
  if (guidance === undefined || (guidance >= 0 && guidance <= MAXIMUM)) return guidance;
  throw new QschedError(
    'usage',
    `guidance is ${guidance}; it must be from 0 to ${MAXIMUM}.`,
    'Few-step models use 0 to 2.',
  );
}

/**
 * The guidance to sample with: undefined, and one row per latent, up to a scale of 1.
 *
 * @throws QschedError (usage) for a scale that is out of range, or a negative prompt that nothing would read
 */
export function guidanceOf(options: PipelineOptions): Guidance | undefined {
  const scale = guidanceScale(options) ?? 0;
  const { negativePrompt } = options;
  if (scale > 1) return negativePrompt === undefined ? { scale } : { scale, negativePrompt };
  if (negativePrompt === undefined) return undefined;
  throw new QschedError(
    'usage',
    `A negative prompt is read only with a guidance above 1, and guidance is ${options.guidance ?? 'not given'}.`,
    'Set guidance above 1, or leave the negative prompt out.',
  );
}

/** Rows of a call per latent: one of the text, and with guidance one of the negative prompt. */
export const rowsPerLatent = (guidance: Guidance | undefined): number => (guidance === undefined ? 1 : 2);

/** u + scale (t - u). @param unconditional u. @param text t */
export const guided = (unconditional: Float32Array, text: Float32Array, scale: number): Float32Array =>
  unconditional.map((u, i) => u + scale * (text[i]! - u));
