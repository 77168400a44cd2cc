/**
 * BRISQUE: term `brisque`, lower is better. The weights of the regression are not bundled: svr.json holds
 * {"coefficients": [n numbers], "supportVectors": [n rows of 36 numbers]}.
 */
import { join } from 'node:path';
import { BRISQUE_FEATURES, brisqueFeatures, brisqueScore } from '../../metrics/scores/brisque.js';
import { QschedError } from '../../contract/errors.js';
import { readJson } from '../models/folder-files.js';
import type { ScorerKind } from './scorer-kind.js';

const FILE = 'svr.json';

/** Term `brisque`, about 0 to 100, lower is better. */
export const brisque: ScorerKind = {
  version: 'brisque-1',
  files: [FILE],
  make: 'python tools/export_scorer.py brisque --checkpoint brisque_svm_weights.pt --output models/brisque',
  check(_, folder) {
    readRegression(folder);
    return ['brisque'];
  },
  open({ role, folder, names }) {
    const regression = readRegression(folder);
    return Promise.resolve({
      role,
      names,
      async score(images, checkpoint) {
        const rows: Float64Array[] = [];
        for (const { image } of images) {
          rows.push(Float64Array.of(brisqueScore(brisqueFeatures(image), regression)));
          await checkpoint?.();
        }
        return rows;
      },
      release: () => Promise.resolve(),
    });
  },
};

function readRegression(folder: string): { coefficients: Float64Array; supportVectors: Float64Array } {
  const { coefficients, supportVectors } = readJson(folder, FILE) as {
    coefficients?: unknown;
    supportVectors?: unknown;
  };
  const isRow = (row: unknown, length?: number): row is number[] =>
    Array.isArray(row) && (length === undefined || row.length === length) && row.every(Number.isFinite);
  if (
    !isRow(coefficients) ||
    coefficients.length === 0 ||
    !Array.isArray(supportVectors) ||
    supportVectors.length !== coefficients.length ||
    !supportVectors.every((row) => isRow(row, BRISQUE_FEATURES))
  ) {
    throw new QschedError(
      'usage',
      `${join(folder, FILE)} needs "coefficients", a list of numbers, ` +
        `and as many "supportVectors" of ${BRISQUE_FEATURES} numbers each.`,
      `Make it again: ${brisque.make}`,
    );
  }
  return {
    coefficients: Float64Array.from(coefficients),
    supportVectors: Float64Array.from(supportVectors.flat() as number[]),
  };
}
