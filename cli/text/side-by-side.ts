/**
 * Schedules of one network side by side: paired gains over the first with intervals, as the verdict's.
 */
import { createObjective, type Row } from '../../metrics/objectives/jaq.js';
import { pairedGain, widest } from '../../metrics/statistics/paired-gain.js';
import { QschedError } from '../../contract/errors.js';
import { decodeFloats } from '../../contract/float-text.js';
import type { CompareResult } from '../../contract/study-payloads.js';
import { fixed, signed, signedInterval } from './numbers.js';
import { table } from './output.js';

/** One schedule in one scorer. */
export interface StudyRow {
  readonly scorer: string;
  readonly schedule: string;
  readonly score: number;
  readonly tc: number | null;
  readonly iq: number | null;
  readonly gain: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Scores of every variant in every scorer, and gains over the first one, paired by prompt and seed.
 *
 * @throws QschedError (failure) where an image failed
 */
export function besideIdentity({ prompts, seeds, objectives, variants }: CompareResult): StudyRow[] {
  const failed = variants.find(({ result }) => result.trials[0]!.failed.length > 0);
  if (failed !== undefined) {
    const { failed: images } = failed.result.trials[0]!;
    throw new QschedError(
      'failure',
      `${images.length} images of "${failed.name}" failed: ${images[0]!.reason}.`,
      'Choose other coefficients or prompts.',
    );
  }
  const termsOf = variants.map(({ result }) => {
    const scorers = result.trials[0]!.scorers.map(({ scorer, names, values }) => ({
      scorer,
      names,
      numbers: decodeFloats(values),
    }));
    return Array.from({ length: prompts * seeds }, (_, i): Row =>
      Object.fromEntries(
        scorers.map(({ scorer, names, numbers }) => [
          scorer,
          Object.fromEntries(names.map((term, k) => [term, numbers[i * names.length + k]!])),
        ]),
      ),
    );
  });
  return objectives.flatMap(({ scorer, plan }) => {
    const objective = createObjective(plan);
    const perPrompt = termsOf.map((rows) =>
      Array.from({ length: prompts }, (_, p) =>
        rows.slice(p * seeds, (p + 1) * seeds).map((row) => objective.perImage(row)),
      ),
    );
    return variants.map(({ name }, v): StudyRow => {
      const { tc, iq } = objective.terms(termsOf[v]!);
      const about = { scorer, schedule: name, score: objective.score(termsOf[v]!), tc, iq };
      if (v === 0) return { ...about, gain: 0, low: 0, high: 0 };
      const { gain } = pairedGain(scorer, perPrompt[0]!, perPrompt[v]!);
      return { ...about, gain: gain.gain, ...widest(gain) };
    });
  });
}

/** The rows as a table; the identity has no gain over itself. */
export function sideBySideText(rows: readonly StudyRow[]): string {
  const cells = rows.map((row) => {
    const gain = row.schedule === 'identity' ? ['', ''] : [signed(row.gain), signedInterval(row)];
    return [row.scorer, row.schedule, fixed(row.score), fixed(row.tc), fixed(row.iq), ...gain];
  });
  return table([['scorer', 'schedule', 'score', 'text', 'quality', 'gain', '95 % interval'], ...cells]);
}
