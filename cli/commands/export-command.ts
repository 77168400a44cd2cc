/**
 * `qsched export`: the coefficients of a search, for other programs.
 */
import { writeFileSync } from 'node:fs';
import { knownEvaluations, splitPrompts } from '../../db/evaluations.js';
import { candidateId } from '../../db/keys.js';
import type { Store } from '../../db/open-store.js';
import { searchContextIds } from '../../db/searches.js';
import { scheduleDocument } from '../../diffusion/schedule-document.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { schedulerOf } from '../../inference/prepare/prepare.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { printJson, say, type GlobalOptions } from '../text/output.js';
import { referenceConfig } from '../text/reference-config.js';
import { requireSearch, withStore } from '../input/stored-search.js';

const WHICH = ['recommended', 'finalist', 'best', 'identity'];
const FORMATS = ['qsched', 'reference'];

/** Flags of `export`. */
export interface ExportFlags extends GlobalOptions {
  readonly output?: string;
  readonly which?: string;
  readonly format?: string;
}

/** Writes coefficients, timesteps and fused steps as JSON, or the reference's fields. */
export function exportCommand(id: string | undefined, flags: ExportFlags): number {
  const document = withStore((store) => exported(store, id, flags));
  if (flags.output === undefined) {
    printJson(document);
    return 0;
  }
  try {
    writeFileSync(flags.output, `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw new QschedError(
      'failure',
      `${flags.output} cannot be written: ${messageOf(error)}`,
      'Choose another path with --output.',
    );
  }
  say(`wrote ${flags.output}`);
  if (flags.json) printJson({ output: flags.output });
  return 0;
}

function exported(store: Store, id: string | undefined, { which = 'recommended', format = 'qsched' }: ExportFlags) {
  const search = requireSearch(store, id);
  const { spec, result } = search;
  if (!WHICH.includes(which)) throw new QschedError('usage', `--which is "${which}".`, suggestion(which, WHICH));
  if (!FORMATS.includes(format)) {
    throw new QschedError('usage', `--format is "${format}".`, suggestion(format, FORMATS));
  }
  if (result === null) {
    throw new QschedError(
      'failure',
      `The search "${search.id}" is ${search.status}: it has no verdict yet.`,
      `Finish it: npx qsched resume ${search.id}`,
    );
  }
  const calibrated = which === 'recommended' ? result.heldOut.recommend === 'calibrated' : which !== 'identity';
  const coefficients = !calibrated
    ? result.identity.coefficients
    : which === 'best'
      ? result.best.coefficients
      : result.finalist;
  if (format === 'reference') {
    return referenceConfig(coefficients, {
      model: spec.model,
      precision: spec.precision,
      eta: spec.scheduler.eta,
      objective: spec.objective,
      rows: calibrationRows(store, search, coefficients),
    });
  }
  const model = openModelFolder(spec.model, spec.precision);
  const origin = {
    kind: calibrated ? ('q-sched' as const) : ('identity' as const),
    searchId: search.id,
    model: spec.model,
    precision: spec.precision,
    which,
    scheduler: { ...spec.scheduler, config: model.schedulerConfig },
    heldOut: result.heldOut,
  };
  return scheduleDocument(schedulerOf(model, spec.scheduler), origin, coefficients);
}

/** Raw terms of the objective's scorer on the calibration images; none where one is missing. */
function calibrationRows(
  store: Store,
  { id, spec }: Pick<ReturnType<typeof requireSearch>, 'id' | 'spec'>,
  coefficients: Coefficients,
): Readonly<Record<string, number>>[] {
  const { scorer } = spec.objective;
  const context = searchContextIds(store, id, spec.precision)[scorer];
  if (context === undefined) return [];
  const known = knownEvaluations(
    store,
    { [scorer]: context },
    candidateId(coefficients),
    splitPrompts(store, id, 'calibration'),
    spec.prompts.seeds,
  );
  const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms[scorer]!] : []));
  return rows.length === known.length ? rows : [];
}
