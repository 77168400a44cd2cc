/**
 * `qsched status`, `best` and `export`: reading what is stored, without a server.
 */
import { writeFileSync } from 'node:fs';
import { eq } from 'drizzle-orm';
import { bestCoefficients, searchProgress } from '../db/schema.js';
import { openModelFolder } from '../inference/model-folder.js';
import { schedulerOf } from '../inference/prepare.js';
import { messageOf, QschedError } from '../spec/errors.js';
import type { Coefficients } from '../spec/coefficients.js';
import { suggestion } from '../spec/validate.js';
import { print, printJson, say, table, type GlobalOptions } from './output.js';
import { requireSearch, withStore } from './stored-search.js';

/** How far every search is, or one of them. */
export function statusCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const rows = id === undefined ? store.select().from(searchProgress).all() : store.select().from(searchProgress).where(eq(searchProgress.searchId, requireSearch(store, id).id)).all();
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('No search yet. Start one: npx qsched search --model shapes');
    else print(table([['search', 'status', 'scored', 'asked', 'failed', 'best', 'identity'], ...rows.map((row) => [row.searchId!, row.status!, String(row.scored ?? 0), String(row.asked), String(row.failed ?? 0), row.best?.toFixed(4) ?? '-', row.identity?.toFixed(4) ?? '-'])]));
    return 0;
  });
}

/** The best coefficients of every search, or of one. */
export function bestCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const rows = (id === undefined ? store.select().from(bestCoefficients).all() : store.select().from(bestCoefficients).where(eq(bestCoefficients.searchId, requireSearch(store, id).id)).all())
      .map((row) => ({ ...row, sample: JSON.parse(row.sample!) as number[], noise: JSON.parse(row.noise!) as number[] }));
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('No scored trial yet. Start a search: npx qsched search --model shapes');
    else {
      for (const row of rows) {
        print(`${row.searchId}: ${row.score!.toFixed(4)} (identity ${row.identityScore?.toFixed(4) ?? '-'}), recommended: ${row.recommend ?? `not yet (${row.status})`}`);
        print(`  c^x   [${row.sample.map((v) => v.toFixed(4)).join(', ')}]\n  c^eps [${row.noise.map((v) => v.toFixed(4)).join(', ')}]`);
      }
    }
    return 0;
  });
}

/** Writes coefficients and fused schedule as JSON. */
export function exportCommand(id: string | undefined, flags: GlobalOptions & { output?: string; which?: string }): number {
  const document = withStore((store) => {
    const search = requireSearch(store, id);
    const { spec, result } = search;
    const which = flags.which ?? 'recommended';
    if (!['recommended', 'finalist', 'best', 'identity'].includes(which)) throw new QschedError('usage', `--which is "${which}".`, suggestion(which, ['recommended', 'finalist', 'best', 'identity']));
    if (result === null) throw new QschedError('failure', `The search "${search.id}" is ${search.status}: it has no verdict yet.`, `Finish it: npx qsched resume ${search.id}`);
    const choices: Record<string, Coefficients> = { finalist: result.finalist, best: result.best.coefficients, identity: result.identity.coefficients, recommended: result.heldOut.recommend === 'calibrated' ? result.finalist : result.identity.coefficients };
    const coefficients = choices[which]!;
    const model = openModelFolder(spec.model, spec.precision);
    const scheduler = schedulerOf(model, spec.scheduler);
    return {
      format: 'qsched-schedule/1', searchId: search.id, model: spec.model, precision: spec.precision, which,
      scheduler: { ...spec.scheduler, config: model.schedulerConfig }, timesteps: scheduler.timesteps, coefficients, fused: scheduler.fused(coefficients), heldOut: result.heldOut,
    };
  });
  if (flags.output === undefined) {
    printJson(document);
    return 0;
  }
  try {
    writeFileSync(flags.output, `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw new QschedError('failure', `${flags.output} cannot be written: ${messageOf(error)}`, 'Choose another path with --output.');
  }
  say(`wrote ${flags.output}`);
  if (flags.json) printJson({ output: flags.output });
  return 0;
}
