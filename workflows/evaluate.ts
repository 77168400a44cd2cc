/**
 * The `evaluate` workflow: schedules x models x precisions on one prompt set, as a table.
 * check, resolve, prepare, render in shards, summarise row by row, finish. Pictures and numbers stay
 * in the artefact folder: what is there is not made again, whoever asked for it.
 */
import { CancellationScope, defineQuery, isCancellation, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { canonicalJson } from '../spec/canonical-json.js';
import { QschedError } from '../spec/errors.js';
import type { EvaluateProgress, PreparedNetwork, ResolvedSchedule, SummariseResult } from '../spec/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../spec/evaluate-spec.js';
import { parseEvaluateSpec } from '../spec/validate-evaluate.js';
import { modelActivities, scoreActivities, storeActivities } from './activities.js';
import { atMost, shardsOf, shardSplit, type Shard } from './evaluate-shards.js';
import { asFailure } from './search.js';

/** Activities that are under way at once at most. */
const MOST_OUTSTANDING = 24;
/** How often shards whose artefacts have gone meanwhile are made again. */
const MOST_REPAIRS = 2;
/** Full precision, whose pictures FID-SD and KID compare with. */
const REFERENCE_PRECISION = 'fp32';
/** Rows of a table that the store writes in its time for one row of a search. */
const ROW_WEIGHT = 200;

/** Where the evaluation is: `temporal workflow query --type progress`. */
export const evaluateProgressQuery = defineQuery<EvaluateProgress>('progress');

/** A network with a schedule; rows that differ in their label alone share one. */
interface Drawing {
  readonly network: number;
  readonly schedule: ResolvedSchedule;
  /** Records of its shards, in order of their pictures. */
  readonly records: string[];
}

/**
 * Evaluates every row of a spec.
 *
 * @param input an EvaluateSpec as a user wrote it: only `rows` is required
 */
export async function evaluate(input: unknown): Promise<EvaluateResult> {
  const { workflowId: evaluateId } = workflowInfo();
  const progress: { -readonly [K in keyof EvaluateProgress]: EvaluateProgress[K] } = { status: 'running', stage: 'prepare', rows: 0, pictures: 0, done: 0, drawn: 0, reused: 0, failed: 0, summarised: 0 };
  setHandler(evaluateProgressQuery, () => ({ ...progress }));
  let opened = false;
  try {
    const spec = parseEvaluateSpec(input);
    return await run(spec);
  } catch (error) {
    const cancelled = isCancellation(error);
    const failure = asFailure(error);
    if (opened) await CancellationScope.nonCancellable(() => storeActivities(0).closeRun({ id: evaluateId, end: { status: cancelled ? 'cancelled' : 'failed', message: failure.message } }));
    throw cancelled ? error : failure;
  }

  async function run(spec: EvaluateSpec): Promise<EvaluateResult> {
    progress.rows = spec.rows.length;
    setCurrentDetails(`Preparing ${spec.rows.length} rows: waiting for workers that serve ${[...new Set(spec.rows.map(({ model }) => model))].join(', ')}.`);
    await storeActivities(0).checkEvaluate({ spec, patient: typeof input === 'object' && input !== null && 'waitForWorker' in input });
    await storeActivities(spec.rows.length).openRun({ id: evaluateId, kind: 'evaluate', name: titleOf(spec), spec });
    opened = true;
    const schedules = await storeActivities(spec.rows.length * ROW_WEIGHT).resolveSchedules({ spec });
    const { networks, networkOf } = await prepareAll(spec);
    const { drawings, drawingOf } = drawingsOf(schedules, networkOf);
    const split = networks[0]!.prompts;

    progress.stage = 'render';
    const pictures = split.count * split.seeds.length;
    progress.pictures = pictures * drawings.length;
    const shards = shardsOf(drawings.map(({ network }) => network), pictures);
    const warnings = new Set<string>(networks.flatMap(({ notes }) => notes));
    for (const { source, seen } of schedules) if (seen !== undefined) warnings.add(`The search "${source}" chose by ${seen} of these ${split.count} prompts: what its row gains is no held-out gain.`);
    const damaged = new Map<string, number>();
    setCurrentDetails(`Drawing ${progress.pictures} pictures. If this stays, no worker serves \`${networks[0]!.scoreQueue}\`: start one with \`npx qsched worker --model ${networks[0]!.model}\`.`);
    await renderAll(shards);

    progress.stage = 'summarise';
    const summaries: SummariseResult[] = [];
    await together(spec.rows, async (_, i) => { summaries[i] = await summarise(i); });
    for (const [what, count] of damaged) warnings.add(`Damaged artefacts of ${what} were removed and made again: ${count}.`);
    for (const { warnings: own } of summaries) for (const warning of own) warnings.add(warning);

    const result = await storeActivities(spec.rows.length * ROW_WEIGHT).finishEvaluate({
      result: {
        evaluateId, rows: summaries.map(({ row }) => row),
        prompts: { set: split.set, count: split.count, seeds: split.seeds, sha256: split.sha256 },
        objective: spec.objective, drawn: progress.drawn, reused: progress.reused, warnings: [...warnings],
      },
      pValues: summaries.map(({ pValue }) => pValue),
    });
    progress.stage = 'finished';
    progress.status = 'finished';
    setCurrentDetails(`${spec.rows.length} rows of ${pictures} pictures: ${progress.drawn} drawn, ${progress.reused} found.`);
    return result;

    /** Draws, scores and keeps shards; the first of a queue says whether somebody serves it. */
    async function renderAll(which: readonly Shard[]): Promise<void> {
      const asked = new Set<string>();
      await together(which, async (shard) => {
        const drawing = drawings[shard.of]!;
        const prepared = networks[drawing.network]!;
        const first = !asked.has(prepared.scoreQueue);
        asked.add(prepared.scoreQueue);
        const { render } = scoreActivities(prepared.scoreQueue, first ? spec.waitForWorker : null);
        const { model, precision, scheduler, network, scorers, features } = prepared;
        const request = { prepared: { model, precision, scheduler, network, scorers, features }, schedule: drawing.schedule, ...shardSplit(split, shard), retryFailed: spec.retryFailed };
        const made = await render.executeWithOptions({ summary: `${model} ${precision}: pictures ${shard.from}-${shard.to - 1} of schedule ${shard.of + 1}` }, [request]);
        drawing.records[indexOf(shard)] = made.record;
        progress.done += shard.to - shard.from;
        progress.drawn += made.drawn;
        progress.reused += made.reused;
        progress.failed += made.failed.reduce((sum, { count }) => sum + count, 0);
        if (made.damaged > 0) damaged.set(`${model} ${precision}`, (damaged.get(`${model} ${precision}`) ?? 0) + made.damaged);
        setCurrentDetails(`${progress.done} of ${progress.pictures} pictures: ${progress.drawn} drawn, ${progress.reused} found, ${progress.failed} failed.`);
      });
    }

    /** One row; what has gone from the folder meanwhile is made again. */
    async function summarise(i: number): Promise<SummariseResult> {
      const own = drawings[drawingOf[i]!]!;
      const prepared = networks[own.network]!;
      const identity = spec.rows[i]!.schedule === 'identity' ? null : identityOf(prepared);
      const full = fullOf(prepared, own);
      for (let repairs = 0; ; repairs += 1) {
        const { summarise: sumUp } = scoreActivities(prepared.scoreQueue, null);
        const request = { prepared, schedule: own.schedule, label: labelOf(spec.rows[i]!), promptCount: split.count, seedCount: split.seeds.length, records: own.records, identity: identity?.records ?? null, full: full?.records ?? null };
        const summary = await sumUp.executeWithOptions({ summary: `row ${i + 1}: ${prepared.model} ${prepared.precision}, ${request.label}` }, [request]);
        if (summary.missing.length === 0) {
          progress.summarised += 1;
          return summary;
        }
        if (repairs === MOST_REPAIRS) throw new QschedError('failure', `Artefacts of row ${i + 1} are not in the folder of the worker that sums it up.`, 'Workers on several machines need one artefact folder: set QSCHED_ARTEFACTS to a shared folder for each of them.');
        const gone = new Set(summary.missing);
        warnings.add('Artefacts were gone or damaged when rows were summed up, and were made again.');
        await renderAll(shards.filter((shard) => gone.has(drawings[shard.of]!.records[indexOf(shard)]!)));
      }
    }

    function indexOf({ from }: Shard): number {
      return from === 0 ? 0 : from / (shards[0]!.to - shards[0]!.from);
    }

    function identityOf(prepared: PreparedNetwork): Drawing | null {
      const at = spec.rows.findIndex((row, i) => row.schedule === 'identity' && networks[networkOf[i]!] === prepared);
      return at === -1 ? null : drawings[drawingOf[at]!]!;
    }

    function fullOf({ model, scheduler }: PreparedNetwork, own: Drawing): Drawing | null {
      const at = spec.rows.findIndex((row) => row.schedule === 'identity' && row.model === model && row.precision === REFERENCE_PRECISION && canonicalJson(row.scheduler) === canonicalJson(scheduler));
      const found = at === -1 ? null : drawings[drawingOf[at]!]!;
      return found === own ? null : found;
    }
  }

  /** Prepares each network once. */
  async function prepareAll(spec: EvaluateSpec): Promise<{ networks: PreparedNetwork[]; networkOf: number[] }> {
    const { objective, scorers, features, prompts } = spec;
    const keys = spec.rows.map(({ model, precision, scheduler }) => canonicalJson({ model, precision, scheduler }));
    const distinct = [...new Set(keys)];
    const networks = await Promise.all(distinct.map((key) => {
      const { model, precision, scheduler } = spec.rows[keys.indexOf(key)]!;
      return modelActivities(model, spec.waitForWorker).prepareEvaluate.executeWithOptions({ summary: `${model} ${precision}, ${scheduler.type}, ${scheduler.steps} steps` }, [{ model, precision, scheduler, objective, scorers, features, prompts }]);
    }));
    const other = networks.find(({ prompts: { sha256 } }) => sha256 !== networks[0]!.prompts.sha256);
    if (other !== undefined) throw new QschedError('failure', `The prompt set "${prompts.set}" differs between workers.`, 'Give every worker the same prompt files.');
    refuseMixed(networks);
    return { networks, networkOf: keys.map((key) => distinct.indexOf(key)) };
  }
}

/** Rows are compared with each other: they need the same arithmetic and, under one name, the same scorer. */
function refuseMixed(networks: readonly PreparedNetwork[]): void {
  const first = networks[0]!;
  for (const other of networks) {
    if (other.numeric !== first.numeric) {
      throw new QschedError('failure', `The rows would mix arithmetic: ${first.model} ${first.precision} has ${first.numeric}; ${other.model} ${other.precision} has ${other.numeric}.`, 'Serve all models of a table by workers of one kind: the same provider, onnxruntime, instruction set and --batch.');
    }
    const changed = other.scorers.find(({ role, fingerprint }) => first.scorers.some((one) => one.role === role && one.fingerprint !== fingerprint));
    if (changed !== undefined) {
      throw new QschedError('failure', `The rows would mix scorers: "${changed.role}" of ${other.model} (${changed.name}) has other files or another version than that of ${first.model}.`, 'Give every model of a table the same scorers: name a scorer folder instead of a role.');
    }
  }
}

/** Runs `body` for every item; the first failure cancels the others. */
async function together<T>(items: readonly T[], body: (item: T, index: number) => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  try {
    await scope.run(() => atMost(MOST_OUTSTANDING, items, body));
  } catch (error) {
    scope.cancel();
    throw error;
  }
}

/** Each network with a schedule once, however many rows call it by other names. */
function drawingsOf(schedules: readonly ResolvedSchedule[], networkOf: readonly number[]): { drawings: Drawing[]; drawingOf: number[] } {
  const keys = schedules.map(({ coefficients, ptqd }, i) => canonicalJson({ network: networkOf[i]!, coefficients, ptqd }));
  const distinct = [...new Set(keys)];
  return {
    drawings: distinct.map((key) => ({ network: networkOf[keys.indexOf(key)]!, schedule: schedules[keys.indexOf(key)]!, records: [] })),
    drawingOf: keys.map((key) => distinct.indexOf(key)),
  };
}

const labelOf = ({ label, schedule }: EvaluateSpec['rows'][number]): string => label ?? (typeof schedule === 'string' ? schedule : schedule.name);

function titleOf({ rows, prompts }: EvaluateSpec): string {
  return `${rows.length} rows of ${[...new Set(rows.map(({ model }) => model))].join(', ')} on ${prompts.texts === undefined ? prompts.set : 'prompts of its own'}`;
}
