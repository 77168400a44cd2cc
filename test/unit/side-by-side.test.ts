/** Schedules of one network next to each other, from the rows of an evaluation. */
import { expect, test } from 'vitest';
import { sideBySide, sideBySideTable } from '../../cli/text/side-by-side.js';
import { writeTable } from '../../cli/text/table-document.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { ObjectiveChoice } from '../../contract/search-spec.js';

const gain = (scorer: string, identity: number, gained: number) => ({
  scorer,
  prompts: 40,
  identity,
  calibrated: identity + gained,
  gain: gained,
  low: gained - 0.01,
  high: gained + 0.01,
  percentile: { low: gained - 0.01, high: gained + 0.01 },
  studentised: { low: gained - 0.01, high: gained + 0.01 },
  probabilityOfGain: 1,
});
const row = (schedule: string, objective: number, gains: EvaluatedRow['gains']): EvaluatedRow =>
  ({ schedule, objective, tc: objective - 1, iq: 0.5, gains }) as unknown as EvaluatedRow;
const RESULT = {
  objective: ObjectiveChoice.parse({}),
  rows: [
    row('identity', 1.5, []),
    row('ptqd', 1.6, [gain('objective', 1.5, 0.1), gain('second', 2, 0.05)]),
    row('q-sched', 1.75, [gain('objective', 1.5, 0.25), gain('second', 2, -0.02)]),
  ],
};

test('every scorer has every schedule, with its score and its gain over the baseline', () => {
  const rows = sideBySide(RESULT);
  expect(rows.map(({ scorer, schedule, score }) => [scorer, schedule, score])).toEqual([
    ['objective', 'identity', 1.5],
    ['objective', 'ptqd', 1.6],
    ['objective', 'q-sched', 1.75],
    ['second', 'identity', 2],
    ['second', 'ptqd', 2.05],
    ['second', 'q-sched', 1.98],
  ]);
  expect(rows[0]).toMatchObject({ gain: 0, low: 0, high: 0, tc: 0.5, iq: 0.5 });
  expect(rows[2]).toMatchObject({ gain: 0.25, low: 0.24, high: 0.26 });
  expect(rows[5]).toMatchObject({ tc: null, iq: null, gain: -0.02 });
  expect(writeTable(sideBySideTable(rows)).split('\n').slice(0, 3)).toEqual([
    'scorer     schedule  score   text    quality  gain [95 % interval]',
    'objective  identity  1.5000  0.5000  0.5000',
    'objective  ptqd      1.6000  0.6000  0.5000   +0.1000 [+0.0900, +0.1100]',
  ]);
});

test('a gain that could not be computed is not 0', () => {
  const [, , third] = RESULT.rows;
  const rows = sideBySide({ ...RESULT, rows: [RESULT.rows[0]!, row('ptqd', 1.6, []), third!] });
  expect(rows[1]).toMatchObject({ schedule: 'ptqd', score: 1.6, gain: null, low: null });
  expect(rows[4]).toMatchObject({ scorer: 'second', schedule: 'ptqd', score: null, gain: null });
  expect(writeTable(sideBySideTable(rows))).toMatch(/\nobjective +ptqd +1\.6000 .* -\n/);
});
