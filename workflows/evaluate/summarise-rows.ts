/**
 * The rows of an evaluation, each summed up by a worker from what is kept.
 */
import { CancellationScope } from '@temporalio/workflow';
import { QschedError } from '../../contract/errors.js';
import type { ResolvedSchedule, SummariseRequest, SummariseResult } from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { fullRowOf } from '../../contract/full-row.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import { computeActivities } from '../activities.js';
import { atMost } from '../at-most.js';
import { compareRow } from './compare-row.js';
import { untilLetGo, type Hold } from './hold.js';
import type { PreparedNetworks } from './networks.js';
import type { Progress } from './progress.js';
import { recordsOf, type Rendering, type Renderings } from './renderings.js';

/** Rows that are summed up at once. */
const MAX_TOGETHER = 8;
/** How often shards whose artefacts have gone meanwhile are made again. */
const MAX_REPAIRS = 2;

/** What rows are made of. */
export interface RowPlan {
  readonly spec: EvaluateSpec;
  readonly prepared: PreparedNetworks;
  readonly schedules: readonly ResolvedSchedule[];
  readonly renderings: Renderings;
  readonly progress: Progress;
  readonly hold: Hold;
}

/** @returns one summary per row, in their order */
export async function summariseRows(plan: RowPlan): Promise<SummariseResult[]> {
  const summaries: SummariseResult[] = [];
  const scope = new CancellationScope();
  try {
    await scope.run(() =>
      atMost(MAX_TOGETHER, plan.spec.rows, async (_, row) => {
        await untilLetGo(plan.hold);
        summaries[row] = await summarise(plan, row);
        plan.progress.summarised += 1;
      }),
    );
  } catch (error) {
    scope.cancel();
    throw error;
  }
  return summaries;
}

/** One row; what has gone from the folder meanwhile is made again. */
async function summarise(plan: RowPlan, row: number): Promise<SummariseResult> {
  const {
    prepared: { networks, networkOf, pairScores = [] },
    renderings,
  } = plan;
  const { model, precision } = networks[networkOf[row]!]!;
  const { summarise: sumUp } = computeActivities();
  let repaired = false;
  for (let repairs = 0; ; repairs += 1) {
    const request = requestOf(plan, row);
    const summary = `row ${row + 1}: ${model} ${precision}, ${request.label}`;
    const compared = await compareRow(request, pairScores, plan.spec.rows.length, plan.spec.retryFailed);
    const made =
      compared.missing.length > 0
        ? { missing: compared.missing }
        : await sumUp.executeWithOptions({ summary }, [{ ...request, ...compared.own }]);
    if ('row' in made && made.missing.length === 0) {
      return repaired ? { ...made, warnings: [...made.warnings, REPAIRED] } : made;
    }
    if (repairs === MAX_REPAIRS) throw elsewhere(row);
    repaired = true;
    await renderings.repair(made.missing);
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
  { spec, prepared: { networks, networkOf, split }, schedules, renderings }: RowPlan,
  row: number,
): SummariseRequest {
  const prepared = networks[networkOf[row]!]!;
  const own = renderings.ofRow(row);
  const identity = spec.rows.findIndex(({ schedule }, i) => schedule === 'identity' && networkOf[i] === networkOf[row]);
  const { schedule } = spec.rows[row]!;
  const full = fullOf(spec, prepared, renderings, own);
  return {
    prepared,
    schedule: schedules[row]!,
    label: labelOf(spec.rows[row]!),
    promptCount: split.count,
    seedCount: split.seeds.length,
    records: recordsOf(own),
    identity: schedule === 'identity' || identity === -1 ? null : recordsOf(renderings.ofRow(identity)),
    full: full === null ? null : recordsOf(full),
  };
}

/** The full-precision baseline of the same model and scheduler, if the table has it and it is not this row's own. */
function fullOf(
  { rows }: EvaluateSpec,
  network: PreparedNetwork,
  renderings: Renderings,
  own: Rendering,
): Rendering | null {
  const at = fullRowOf(rows, network);
  const found = at === -1 ? null : renderings.ofRow(at);
  return found === own ? null : found;
}

const labelOf = ({ label, schedule }: EvaluateSpec['rows'][number]): string =>
  label ?? (typeof schedule === 'string' ? schedule : schedule.name);
