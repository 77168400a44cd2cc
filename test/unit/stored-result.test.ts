/** Results that 0.1.0 stored are read in today's shape. */
import { expect, test } from 'vitest';
import { readResult } from '../../db/stored-result.js';

const interval = { percentile: { low: 0.1, high: 0.3 }, studentised: { low: 0.05, high: 0.25 } };

test('gains of 0.1.0 get the wider of both intervals, and rows of its tables an empty list of records', () => {
  const older = {
    rows: [
      { objective: 2.7, objectiveLow: 2.6, gains: [interval] },
      { objective: 3, objectiveLow: 2.9 },
    ],
  };
  expect(readResult(JSON.stringify(older))).toEqual({
    rows: [
      { objective: 2.7, objectiveLow: 2.6, gains: [{ ...interval, low: 0.05, high: 0.3 }], records: [] },
      { objective: 3, objectiveLow: 2.9, records: [] },
    ],
  });
});

test("today's results are read as they are", () => {
  const today = { rows: [{ objectiveLow: 1, records: ['a'], gains: [{ ...interval, low: 0, high: 1 }] }] };
  expect(readResult(JSON.stringify(today))).toEqual(today);
});
