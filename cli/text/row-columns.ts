/**
 * Columns of evaluated rows, which the tables of `evaluate` and `reproduce` share.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { fixed, signed, spread } from '../../report/text/numbers.js';
import type { Column } from './table-document.js';

/** A row of either table. */
export type MeasuredRow = Omit<EvaluatedRow, 'schedule'>;

/** Whether the rows differ in something. */
export const varies = <R>(rows: readonly R[], of: (row: R) => unknown): boolean => new Set(rows.map(of)).size > 1;

/** A Frechet distance is some tens with Inception's features, and far below 1 with those of a small encoder. */
const distanceDigits = (rows: readonly MeasuredRow[]): number =>
  rows.some(({ fid }) => fid !== null && fid >= 10) ? 2 : 4;

/** Pairwise scores that at least one row has. */
const pairNames = (rows: readonly MeasuredRow[]): string[] => [
  ...new Set(rows.flatMap(({ pairwise }) => Object.keys(pairwise ?? {}))),
];

/** Decibels have two digits, shares four. */
const digitsOf = (pairScore: string): number => (pairScore === 'psnr' ? 2 : 4);

/** What was measured, for people; columns without a value in any row are omitted. */
export function measuredColumns(rows: readonly MeasuredRow[], detailed: boolean): Column<MeasuredRow>[] {
  const digits = distanceDigits(rows);
  const features = rows.find(({ fidFeatures }) => fidFeatures !== null)?.fidFeatures;
  const some = (of: (row: MeasuredRow) => unknown, ...columns: Column<MeasuredRow>[]): Column<MeasuredRow>[] =>
    rows.some((row) => of(row) !== null && of(row) !== undefined) ? columns : [];
  const number = (head: string, cell: Column<MeasuredRow>['cell']) => ({ head, cell, numeric: true });
  const gain = ({ gains: [first] }: MeasuredRow) => first;
  return [
    ...some(
      ({ fid }) => fid,
      number(`FD (${features ?? ''})`, (row) => spread(row.fid, row.fidLow, row.fidHigh, digits)),
    ),
    ...some(
      ({ fidGain }) => fidGain,
      number('FD gain', ({ fidGain: one }) => one && spread(one.difference, one.low, one.high, digits, signed)),
    ),
    ...some(
      ({ fidSd }) => fidSd,
      number('FD-SD', (row) => fixed(row.fidSd, digits)),
    ),
    ...some(
      ({ kid }) => kid,
      number('KID', (row) => fixed(row.kid, 5)),
    ),
    ...some(
      ({ cmmd }) => cmmd,
      number('CMMD', (row) => fixed(row.cmmd, 3)),
    ),
    ...pairNames(rows).map((name) =>
      number(name, ({ pairwise }) => {
        const own = pairwise?.[name];
        return own === undefined ? null : spread(own.mean, own.low, own.high, digitsOf(name));
      }),
    ),
    ...some(
      ({ clipScore }) => clipScore,
      number('CLIPScore', (row) => spread(row.clipScore, row.clipScoreLow, row.clipScoreHigh, 3)),
    ),
    number('objective', (row) => spread(row.objective, row.objectiveLow, row.objectiveHigh)),
    ...(detailed ? [number('text', ({ tc }) => fixed(tc)), number('quality', ({ iq }) => fixed(iq))] : []),
    ...some(
      gain,
      number('gain', (row) => gain(row) && spread(gain(row)?.gain, gain(row)?.low, gain(row)?.high, 4, signed)),
      {
        head: 'recommended',
        cell: ({ recommend }) => recommend && { calibrated: 'yes', identity: 'no', none: '-' }[recommend],
      },
    ),
    ...(detailed ? [number('images', ({ images }) => images)] : []),
  ];
}

/** Every number of the rows, unrounded, for CSV; scores and gains have columns of their own. */
export function csvColumns(rows: readonly MeasuredRow[]): Column<MeasuredRow & { readonly schedule: string }>[] {
  const scores = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))];
  const scorers = [...new Set(rows.flatMap((row) => row.gains.map(({ scorer }) => scorer)))];
  type Row = MeasuredRow & { readonly schedule: string };
  const columns: [string, Column<Row>['cell']][] = [
    ['model', (row) => row.model],
    ['scheduler', (row) => row.scheduler],
    ['steps', (row) => row.steps],
    ['eta', (row) => row.eta],
    ['precision', (row) => row.precision],
    ['schedule', (row) => row.schedule],
    ['sample', (row) => row.coefficients.sample.join(' ')],
    ['noise', (row) => row.coefficients.noise.join(' ')],
    ['images', (row) => row.images],
    ['failed', (row) => row.failed],
    ['fid', (row) => row.fid],
    ['fid_low', (row) => row.fidLow],
    ['fid_high', (row) => row.fidHigh],
    ['fid_features', (row) => row.fidFeatures],
    ['fid_gain', (row) => row.fidGain?.difference],
    ['fid_gain_low', (row) => row.fidGain?.low],
    ['fid_gain_high', (row) => row.fidGain?.high],
    ['fid_sd', (row) => row.fidSd],
    ['kid', (row) => row.kid],
    ['cmmd', (row) => row.cmmd],
    ['clip_score', (row) => row.clipScore],
    ['clip_score_low', (row) => row.clipScoreLow],
    ['clip_score_high', (row) => row.clipScoreHigh],
    ['objective', (row) => row.objective],
    ['objective_low', (row) => row.objectiveLow],
    ['objective_high', (row) => row.objectiveHigh],
    ['tc', (row) => row.tc],
    ['iq', (row) => row.iq],
    ...scorers.flatMap((scorer): typeof columns => {
      const of = (row: Row) => row.gains.find((gain) => gain.scorer === scorer);
      return [
        [`gain_${scorer}`, (row) => of(row)?.gain],
        [`gain_${scorer}_low`, (row) => of(row)?.low],
        [`gain_${scorer}_high`, (row) => of(row)?.high],
        [`gain_${scorer}_percentile_low`, (row) => of(row)?.percentile.low],
        [`gain_${scorer}_percentile_high`, (row) => of(row)?.percentile.high],
        [`gain_${scorer}_studentised_low`, (row) => of(row)?.studentised.low],
        [`gain_${scorer}_studentised_high`, (row) => of(row)?.studentised.high],
      ];
    }),
    ['recommend', (row) => row.recommend],
    ['p_holm', (row) => row.pHolm],
    ...pairNames(rows).flatMap((name): typeof columns => [
      [`pair_${name}`, (row) => row.pairwise?.[name]?.mean],
      [`pair_${name}_low`, (row) => row.pairwise?.[name]?.low],
      [`pair_${name}_high`, (row) => row.pairwise?.[name]?.high],
    ]),
    ...scores.flatMap((name): typeof columns => [
      [name, (row) => row.scores[name]?.mean],
      [`${name}_low`, (row) => row.scores[name]?.low],
      [`${name}_high`, (row) => row.scores[name]?.high],
    ]),
  ];
  return columns.map(([head, cell]) => ({ head, cell }));
}
