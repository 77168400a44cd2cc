/**
 * `qsched export`: a schedule for other programs. The model's files are not needed.
 */
import { knownEvaluations, splitPrompts } from '../../db/evaluations.js';
import { candidateId } from '../../db/keys.js';
import type { Store } from '../../db/open-store.js';
import { searchContextIds } from '../../db/searches.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import { ARITHMETICS, exportedSchedule, LAYOUTS, type ExportOptions } from '../../exports/target.js';
import { EXPORT_TARGETS, type ExportTargetName } from '../../exports/targets.js';
import { exportSource, whichOf } from '../input/export-source.js';
import type { Given } from '../input/flag.js';
import type { EXPORT } from '../input/flags.js';
import { modelHere } from '../input/schedule-file.js';
import { searchedCoefficients } from '../input/searched-schedule.js';
import { requireSearch, withAnyStore, withStore, type StoredSearch } from '../input/stored-search.js';
import { oneOf } from '../input/values.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { referenceConfig } from '../text/reference-config.js';
import { writeFiles } from '../text/write-files.js';

const FORMATS = ['qsched', 'reference'] as const;

type ExportFlags = Given<typeof EXPORT> & GlobalOptions;

/** Writes a schedule in the form of a target, or coefficients in the reference's fields. @returns the exit code */
export function exportCommand(what: string | undefined, flags: ExportFlags): number {
  const to = oneOf('--to', flags.to ?? 'json', Object.keys(EXPORT_TARGETS) as ExportTargetName[]);
  const isReference = oneOf('--format', flags.format ?? 'qsched', FORMATS) === 'reference';
  const options = optionsOf(to, flags);
  if (isReference && to !== 'json') {
    throw new QschedError('usage', `--format reference is JSON, but --to is "${to}".`, 'Leave one of them out.');
  }
  const { files, notes } = isReference
    ? { files: [referenceFile(what, flags)] as const, notes: [] }
    : withAnyStoreFor(what, (store) => {
        const document = exportSource(store, what, flags.which);
        return EXPORT_TARGETS[to].write(exportedSchedule(document), { layout: layoutOf(document), ...options });
      });
  if (to === 'json' && flags.output === undefined) {
    print(String(files[0].content).trimEnd());
    return 0;
  }
  const written = writeFiles(files, flags.output);
  for (const path of written) say(`wrote ${path}`);
  for (const note of notes) say(`  ${note}`);
  if (flags.json) printJson({ output: written[0], files: written, notes });
  return 0;
}

/** Without a name, or for a search, there must be a database; a file can be exported without one. */
const withAnyStoreFor = <T>(what: string | undefined, body: (store: Store) => T): T =>
  what === undefined ? withStore(body) : withAnyStore(body);

/** @throws QschedError (usage) for a flag of another target */
function optionsOf(to: ExportTargetName, { arithmetic, layout }: ExportFlags): ExportOptions {
  for (const [name, value] of Object.entries({ '--arithmetic': arithmetic, '--layout': layout })) {
    if (value !== undefined && to !== 'onnx') {
      throw new QschedError('usage', `${name} applies to --to onnx, but --to is "${to}".`, `Leave ${name} out.`);
    }
  }
  return {
    ...(arithmetic === undefined ? {} : { arithmetic: oneOf('--arithmetic', arithmetic, ARITHMETICS) }),
    ...(layout === undefined ? {} : { layout: oneOf('--layout', layout, LAYOUTS) }),
  };
}

/** How the model lays out its latents; undefined if it is not here, and may be one that packs them. */
function layoutOf(document: CompleteSchedule): ExportOptions['layout'] {
  const pipeline = modelHere(document)?.pipeline;
  if (pipeline !== undefined) return pipeline === 'flux' ? 'packed' : 'channels';
  return document.scheduler.type.startsWith('flow') ? undefined : 'channels';
}

/** The reference's `best_rank_config` of a search. */
const referenceFile = (id: string | undefined, flags: ExportFlags) =>
  withStore((store) => {
    const search = requireSearch(store, id);
    const { spec, objective } = search;
    const { coefficients } = searchedCoefficients(store, search, whichOf(flags.which));
    const config = referenceConfig(coefficients, {
      model: spec.model,
      precision: spec.precision,
      eta: spec.scheduler.eta,
      objective,
      rows: calibrationRows(store, search, coefficients),
    });
    return { name: 'best_rank_config.json', content: `${JSON.stringify(config, null, 2)}\n` };
  });

/** Raw terms of the objective's scorer on the calibration images; none if any of them is missing. */
function calibrationRows(
  store: Store,
  { id, spec }: StoredSearch,
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
