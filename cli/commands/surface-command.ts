/**
 * `qsched surface`: the scores of a two-dimensional grid as a table.
 */
import { and, asc, eq } from 'drizzle-orm';
import { trials } from '../../db/schema.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import type { Given } from '../input/flag.js';
import type { LOOK } from '../input/flags.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { axesOf, surfaceTable, type SurfacePoint } from '../text/surface-table.js';
import { tableFormat, writeTable } from '../text/table-document.js';

/** Prints the first coordinate in rows and the second in columns. @returns the exit code */
export function surfaceCommand(id: string | undefined, flags: Given<typeof LOOK> & GlobalOptions): number {
  const format = tableFormat(flags.format);
  return withStore((store) => {
    const { id: searchId, spec } = requireSearch(store, id);
    const { names } = coefficientSpace({ ...spec.coefficients, steps: spec.scheduler.steps });
    if (names.length !== 2) {
      throw new QschedError(
        'usage',
        `The search "${searchId}" has ${names.length} coordinates (${names.join(', ')}), but a surface has 2.`,
        'Search with --shape single-scale --optimizer grid.',
      );
    }
    const points = store
      .select({ point: trials.point, score: trials.score })
      .from(trials)
      .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration')))
      .orderBy(asc(trials.number))
      .all()
      .flatMap(({ point, score }): SurfacePoint[] => {
        const [x, y] = JSON.parse(point) as number[];
        return x === undefined || y === undefined ? [] : [{ x, y, score }];
      });
    if (flags.json) {
      printJson({ searchId, rows: names[0], columns: names[1], points });
      return 0;
    }
    const { xs, ys } = axesOf(points);
    if (xs.length * ys.length > 4 * points.length) {
      throw new QschedError(
        'usage',
        `The search "${searchId}" is not a grid (${spec.optimizer.type}), so its points do not form a table.`,
        'See its points with --json, or in the view trial_history.',
      );
    }
    print(writeTable(surfaceTable(points, `${names[0]} \\ ${names[1]}`, 3), format));
    return 0;
  });
}
