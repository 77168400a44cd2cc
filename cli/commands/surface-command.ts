/**
 * `qsched surface`: the scores of a two-dimensional grid as a table.
 */
import { and, asc, eq } from 'drizzle-orm';
import { trials } from '../../db/schema.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import { print, printJson, table, type GlobalOptions } from '../text/output.js';
import { requireSearch, withStore } from '../input/stored-search.js';

/** Prints rows (first coordinate) by columns (second coordinate). */
export function surfaceCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const { id: searchId, spec } = requireSearch(store, id);
    const { names } = coefficientSpace({ ...spec.coefficients, steps: spec.scheduler.steps });
    if (names.length !== 2) {
      throw new QschedError(
        'usage',
        `The search "${searchId}" has ${names.length} coordinates (${names.join(', ')}); a surface has 2.`,
        'Search with --shape single-scale --optimizer grid.',
      );
    }
    const rows = store
      .select({ point: trials.point, score: trials.score })
      .from(trials)
      .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration')))
      .orderBy(asc(trials.number))
      .all();
    const points = rows.flatMap(({ point, score }) => {
      const [x, y] = JSON.parse(point) as number[];
      return x === undefined || y === undefined ? [] : [{ x, y, score }];
    });
    const axis = (pick: (p: { x: number; y: number }) => number): number[] =>
      [...new Set(points.map(pick))].sort((a, b) => a - b);
    const [xs, ys] = [axis((p) => p.x), axis((p) => p.y)];
    if (flags.json) {
      printJson({ searchId, rows: names[0], columns: names[1], points });
      return 0;
    }
    if (xs.length * ys.length > 4 * points.length) {
      throw new QschedError(
        'usage',
        `The search "${searchId}" was no grid (${spec.optimizer.type}); its points form no table.`,
        'Look at its points with --json, or in the view trial_history.',
      );
    }
    const best = Math.max(...points.map((p) => p.score ?? -Infinity));
    const cell = (x: number, y: number): string => {
      const score = points.find((p) => p.x === x && p.y === y)?.score;
      return score === undefined || score === null ? '-' : `${score.toFixed(3)}${score === best ? '*' : ''}`;
    };
    print(`rows ${names[0]}, columns ${names[1]}; * is the best`);
    print(
      table([['', ...ys.map((y) => y.toFixed(3))], ...xs.map((x) => [x.toFixed(3), ...ys.map((y) => cell(x, y))])]),
    );
    return 0;
  });
}
