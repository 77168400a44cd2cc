/**
 * The columns of an evaluated table as numbers.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { pairScoreParts } from '../../contract/pair-score.js';
import { PAIR_SCORE_TABLE } from '../../metrics/pairwise/pair-score-table.js';
import type { TableDocument } from '../documents/table-document.js';

type Head = TableDocument['columns'][number];
type Value = TableDocument['rows'][number]['values'][string];

/** A column with the value of each row; null where a row has none. */
export interface NumberColumn extends Head {
  readonly of: (row: EvaluatedRow) => Value;
}

type Number = number | null | undefined;

const value = (mean: Number, low?: Number, high?: Number): Value =>
  typeof mean === 'number' ? { value: mean, low: low ?? null, high: high ?? null } : null;

/**
 * Those with a value in at least one row, under the heads of `evaluate`'s own table; beside the gain in the objective those
 * in the other scorers.
 *
 * @param own names of a study's own columns, such as k
 */
export function columnsOf(rows: readonly EvaluatedRow[], own: readonly string[]): NumberColumn[] {
  const features = rows.find(({ fidFeatures }) => fidFeatures !== null)?.fidFeatures ?? '';
  const scorers = [...new Set(rows.flatMap(({ gains }) => gains.slice(1).map(({ scorer }) => scorer)))];
  const pairs = [...new Set(rows.flatMap(({ pairwise }) => Object.keys(pairwise ?? {})))];
  const gain = (one: EvaluatedRow['gains'][number] | undefined): Value => value(one?.gain, one?.low, one?.high);
  const all: NumberColumn[] = [
    ...own.map((name): NumberColumn => ({
      key: `own.${name}`,
      title: name,
      better: 'either',
      of: (row) => value(numberOf((row as unknown as Readonly<Record<string, unknown>>)[name])),
    })),
    { key: 'fid', title: `FD (${features})`, better: 'lower', of: (row) => value(row.fid, row.fidLow, row.fidHigh) },
    {
      key: 'fidGain',
      title: 'FD gain',
      better: 'lower',
      of: ({ fidGain: one }) => value(one?.difference, one?.low, one?.high),
    },
    { key: 'fidSd', title: 'FD-SD', better: 'lower', of: (row) => value(row.fidSd) },
    { key: 'kid', title: 'KID', better: 'lower', of: (row) => value(row.kid) },
    { key: 'cmmd', title: 'CMMD', better: 'lower', of: (row) => value(row.cmmd) },
    ...pairs.map((name): NumberColumn => ({
      key: `pair.${name}`,
      title: name,
      better: PAIR_SCORE_TABLE[pairScoreParts(name).score].direction,
      of: ({ pairwise }) => value(pairwise?.[name]?.mean, pairwise?.[name]?.low, pairwise?.[name]?.high),
    })),
    {
      key: 'clipScore',
      title: 'CLIPScore',
      better: 'higher',
      of: (row) => value(row.clipScore, row.clipScoreLow, row.clipScoreHigh),
    },
    {
      key: 'objective',
      title: 'objective',
      better: 'higher',
      of: (row) => value(row.objective, row.objectiveLow, row.objectiveHigh),
    },
    { key: 'tc', title: 'text', better: 'higher', of: (row) => value(row.tc) },
    { key: 'iq', title: 'quality', better: 'higher', of: (row) => value(row.iq) },
    { key: 'gain', title: 'gain', better: 'higher', of: ({ gains: [first] }) => gain(first) },
    ...scorers.map((name): NumberColumn => ({
      key: `gain.${name}`,
      title: `gain in ${name}`,
      better: 'higher',
      of: ({ gains }) => gain(gains.find(({ scorer }, i) => i > 0 && scorer === name)),
    })),
    { key: 'pHolm', title: 'p (Holm)', better: 'lower', of: (row) => value(row.pHolm) },
    { key: 'images', title: 'images', better: 'either', of: (row) => value(row.images) },
  ];
  return all.filter(({ of }) => rows.some((row) => of(row) !== null));
}

const numberOf = (one: unknown): number | null => (typeof one === 'number' ? one : null);
