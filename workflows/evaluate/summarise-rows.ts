/**
 * The rows of an evaluation, each summed up by a worker from what is kept.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { QschedError } from '../../contract/errors.js';
import type {
  PreparedNetwork,
  ResolvedSchedule,
  SummariseRequest,
  SummariseResult,
} from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { scoreActivities } from '../activities.js';
import { together, type Drawing, type Drawings } from './drawings.js';
import type { PreparedNetworks } from './prepare-networks.js';
import type { Progress } from './progress.js';

/** How often shards whose artefacts have gone meanwhile are made again. */
const MAX_REPAIRS = 2;
/** Full precision, whose images FID-SD and KID compare with. */
const REFERENCE_PRECISION = 'fp32';

/** What rows are made of. */
export interface RowPlan {
  readonly spec: EvaluateSpec;
  readonly prepared: PreparedNetworks;
  readonly schedules: readonly ResolvedSchedule[];
  readonly drawings: Drawings;
  readonly progress: Progress;
}

/** @returns one summary per row, in their order */
export async function summariseRows(plan: RowPlan): Promise<SummariseResult[]> {
  const summaries: SummariseResult[] = [];
  await together(plan.spec.rows, async (_, row) => {
    summaries[row] = await summarise(plan, row);
    plan.progress.summarised += 1;
  });
  return summaries;
}

/** One row; what has gone from the folder meanwhile is made again. */
async function summarise(plan: RowPlan, row: number): Promise<SummariseResult> {
  const {
    prepared: { networks, networkOf },
    drawings,
  } = plan;
  const { model, precision, scoreQueue } = networks[networkOf[row]!]!;
  const { summarise: sumUp } = scoreActivities(scoreQueue, null);
  let repaired = false;
  for (let repairs = 0; ; repairs += 1) {
    const request = requestOf(plan, row);
    const summary = `row ${row + 1}: ${model} ${precision}, ${request.label}`;
    const made = await sumUp.executeWithOptions({ summary }, [request]);
    if (made.missing.length === 0) return repaired ? { ...made, warnings: [...made.warnings, REPAIRED] } : made;
    if (repairs === MAX_REPAIRS) throw elsewhere(row);
    repaired = true;
    await drawings.repair(made.missing);
  }
}

const REPAIRED = 'Artefacts were gone or damaged when rows were summed up, and were made again.';

const elsewhere = (row: number): QschedError =>
  new QschedError(
    'failure',
    `Artefacts of row ${row + 1} are not in the folder of the worker that sums it up.`,
    'Workers on several machines need one artefact folder: set QSCHED_ARTEFACTS to a shared folder for each of them.',
  );

function requestOf(
  { spec, prepared: { networks, networkOf }, schedules, drawings }: RowPlan,
  row: number,
): SummariseRequest {
  const { prompts: split, ...prepared } = networks[networkOf[row]!]!;
  const own = drawings.ofRow(row);
  const identity = spec.rows.findIndex(({ schedule }, i) => schedule === 'identity' && networkOf[i] === networkOf[row]);
  const { schedule } = spec.rows[row]!;
  return {
    prepared,
    schedule: schedules[row]!,
    label: labelOf(spec.rows[row]!),
    promptCount: split.count,
    seedCount: split.seeds.length,
    records: own.records,
    identity: schedule === 'identity' || identity === -1 ? null : drawings.ofRow(identity).records,
    full: fullOf(spec, prepared, drawings, own)?.records ?? null,
  };
}

/** The full-precision identity of the same model and scheduler, where the table has it and it is not this row's own. */
function fullOf(
  { rows }: EvaluateSpec,
  { model, scheduler }: Omit<PreparedNetwork, 'prompts'>,
  drawings: Drawings,
  own: Drawing,
): Drawing | null {
  const at = rows.findIndex(
    (row) =>
      row.schedule === 'identity' &&
      row.model === model &&
      row.precision === REFERENCE_PRECISION &&
      canonicalJson(row.scheduler) === canonicalJson(scheduler),
  );
  const found = at === -1 ? null : drawings.ofRow(at);
  return found === own ? null : found;
}

const labelOf = ({ label, schedule }: EvaluateSpec['rows'][number]): string =>
  label ?? (typeof schedule === 'string' ? schedule : schedule.name);
