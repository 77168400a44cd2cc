/**
 * Table 1: full precision, quantised, PTQD and Q-Sched at 2, 4 and 8 steps, with TCD sampling (the
 * paper's phased consistency models) and with LCM sampling (its latent consistency models). The
 * bundled model is one network for both samplers. Full precision is searched too: a gain without any quantisation
 * does not correct quantisation.
 */
import { evaluation, fit, FULL, identityRow, PLAN, ptqdRow, refuseFullPrecision, search, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = [2, 4, 8];
const SAMPLING = ['tcd', 'lcm'] as const;

export const table1: Study = (options) => {
  refuseFullPrecision(options);
  const { precision } = options;
  const both = SAMPLING.filter((type) => options.schedulers.includes(type));
  const types = both.length > 0 ? both : [options.schedulers[0]!];
  const samplers = types.flatMap((type) => STEPS.map((steps) => ({ type, steps })));
  const absent = SAMPLING.filter((type) => !types.includes(type));
  const about = ({ type, steps }: (typeof samplers)[number]): string => `${type.toUpperCase()}, ${steps} steps`;
  const key = (kind: string, { type, steps }: (typeof samplers)[number]): string => `${kind}-${type}-${steps}`;
  return {
    ...PLAN,
    name: 'table-1',
    title: 'Q-Sched (arXiv 2509.01624), Table 1: scheduling strategies at 2, 4 and 8 steps',
    fits: samplers.map((sampler) => fit(options, key('ptqd', sampler), `PTQD, ${about(sampler)}`, sampler)),
    searches: samplers.flatMap((sampler) => [
      search(options, { key: key('q-sched', sampler), label: `Q-Sched, ${about(sampler)}`, scheduler: sampler }),
      search(options, {
        key: key('control', sampler),
        label: `full precision searched, ${about(sampler)}`,
        scheduler: sampler,
        precision: FULL,
      }),
    ]),
    rows: samplers.flatMap((sampler) => [
      identityRow('Original', FULL, sampler),
      tunedRow('Q-Sched (control)', FULL, sampler, key('control', sampler)),
      identityRow('Original', precision, sampler),
      ptqdRow('PTQD', precision, sampler, key('ptqd', sampler)),
      tunedRow('Q-Sched', precision, sampler, key('q-sched', sampler)),
    ]),
    evaluate: evaluation(options),
    notes: [
      'Q-Sched (control) searches the full-precision network in the same way: its gain has nothing to do with quantisation.',
      ...(absent.length === 0
        ? []
        : [
            `Rows of ${absent.map((type) => type.toUpperCase()).join(' and ')} sampling are left out: the model's scheduler_config.json does not allow it.`,
          ]),
    ],
  };
};
