/**
 * Table A4: how much noise the sampler adds, eta from 0 to 0.9, at 2 steps. At eta 0 no noise is added, so that PTQD
 * corrects only bias and correlation; above 0 it also lowers the noise by what the quantised network adds
 * (docs/schedules.md).
 */
import { QschedError } from '../contract/errors.js';
import {
  evaluation,
  fit,
  FULL,
  identityRow,
  PLAN,
  ptqdRow,
  refuseFullPrecision,
  search,
  text,
  tunedRow,
} from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = 2;
const ETAS = [0, 0.1, 0.3, 0.5, 0.7, 0.9];

export const tableA4: Study = (options) => {
  refuseFullPrecision(options);
  if (!options.schedulers.includes('tcd')) {
    throw new QschedError(
      'usage',
      `table-a4 varies eta of TCD sampling, which "${options.model}" does not support.`,
      'Choose a model that predicts noise over a schedule of betas, such as shapes.',
    );
  }
  const { precision } = options;
  const samplers = ETAS.map((eta) => ({ type: 'tcd', steps: STEPS, eta }) as const);
  const about = (eta: number): string => `eta ${text(eta)}`;
  return {
    ...PLAN,
    name: 'table-a4',
    title: 'Q-Sched (arXiv 2509.01624), Table A4: stochasticity',
    fits: samplers.map((sampler) => fit(options, `ptqd-${text(sampler.eta)}`, `PTQD, ${about(sampler.eta)}`, sampler)),
    searches: samplers.map((sampler) =>
      search(options, {
        key: `q-sched-${text(sampler.eta)}`,
        label: `Q-Sched, ${about(sampler.eta)}`,
        scheduler: sampler,
      }),
    ),
    rows: samplers.flatMap((sampler) => [
      identityRow('Original', FULL, sampler),
      identityRow('Original', precision, sampler),
      ptqdRow('PTQD', precision, sampler, `ptqd-${text(sampler.eta)}`),
      tunedRow('Q-Sched', precision, sampler, `q-sched-${text(sampler.eta)}`),
    ]),
    evaluate: evaluation(options),
    notes: [
      'At eta 0 PTQD corrects only bias and correlation; above 0 it also lowers the noise. Full precision is added.',
    ],
  };
};
