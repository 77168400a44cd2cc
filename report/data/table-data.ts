/**
 * What a report says of an evaluation, or of a table or figure of the paper. It only reads.
 */
import { QschedError } from '../../contract/errors.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { stepCount } from '../../contract/step-count.js';
import type { StudyInput, StudyResult, StudyRow } from '../../contract/study-spec.js';
import type { Store } from '../../db/open-store.js';
import { findRun, type StoredRun } from '../../db/runs.js';
import type { TableDocument } from '../documents/table-document.js';
import { scoreFormula } from '../text/objective-text.js';
import { whyNotRecommended } from '../text/why-not-recommended.js';
import type { ImagePlace } from './image-sources.js';
import { repeatEvaluation, repeatStudy } from './repeat-table.js';
import { columnsOf } from './table-columns.js';
import { tableImages, type TablePrompts } from './table-images.js';
import { worstPairs } from './worst-pairs.js';

/** What of a table is shown. */
export interface TableDataOptions extends ImagePlace {
  /** Prompts with images; 12 by default. */
  readonly prompts?: number;
  /** The texts of a table's prompts, if their set is here and still the same; by default sets are not read. */
  readonly textsOf?: (prompts: EvaluateResult['prompts']) => readonly string[] | null;
}

const SHOWN_PROMPTS = 12;
/** The highest adjusted one-sided p-value that passes; it corresponds to two-sided intervals of 95 %. */
const LEVEL = 0.025;

type Result = EvaluateResult | StudyResult;

/** @throws QschedError (usage) if there is no such evaluation or table */
export function tableDocument(store: Store, id: string, options: TableDataOptions): TableDocument {
  const run = findRun(store, id);
  if (run === undefined) throw new QschedError('usage', `There is no evaluation or table "${id}".`);
  const result = run.result as Result | null;
  const rows: readonly EvaluatedRow[] = result?.rows ?? [];
  const own = result !== null && 'columns' in result ? result.columns : [];
  const columns = columnsOf(rows, own);
  return {
    kind: 'table',
    id,
    name: result !== null && 'title' in result ? result.title : run.name,
    status: run.status as TableDocument['status'],
    message: run.message,
    columns: columns.map(({ key, title, better }) => ({ key, title, better })),
    rows: rows.map((row) => ({
      name: nameOf(row, own),
      network: `${row.model} ${row.precision}, ${row.scheduler}, ${stepCount(row.steps)}`,
      schedule: row.schedule,
      coefficients: row.coefficients,
      values: Object.fromEntries(columns.map(({ key, of }) => [key, of(row)])),
      significant: row.pHolm === null ? null : row.pHolm <= LEVEL,
    })),
    ...(result === null
      ? { images: [], imageNote: null, worst: [] }
      : imagesOf(rows, own, promptsOf(run, result, options), options)),
    notes: notesOf(run, result, rows),
    provenance: result === null ? aboutRun(run) : [...aboutResult(result), ...aboutRun(run)],
    command: run.kind === 'evaluate' ? repeatEvaluation(run.spec as EvaluateSpec) : repeatStudy(run.spec as StudyInput),
  };
}

/** Images under every row, and the pairs that are furthest apart; they share the room of the document. */
function imagesOf(
  rows: readonly EvaluatedRow[],
  own: readonly string[],
  prompts: TablePrompts,
  options: TableDataOptions,
): Pick<TableDocument, 'images' | 'imageNote' | 'worst'> {
  const compared = rows.some(({ pairs }) => pairs !== undefined);
  const place = compared ? { ...options, sharedBy: 2 * (options.sharedBy ?? 1) } : options;
  const records = rows.map((row) => row.records);
  return {
    ...tableImages(records, prompts, options.prompts ?? SHOWN_PROMPTS, place),
    worst: worstPairs(rows, (row) => nameOf(rows[row]!, own), prompts, place),
  };
}

/** A study's label with its own columns that are words; else the schedule with the precision. */
function nameOf(row: EvaluatedRow, own: readonly string[]): string {
  const { label } = row as Partial<StudyRow>;
  const words = own.flatMap((name) => {
    const value = (row as unknown as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? [`${name} ${value}`] : [];
  });
  return [label ?? `${row.precision} ${row.schedule}`, ...words].join(', ');
}

function promptsOf({ spec }: StoredRun, { prompts }: Result, { textsOf }: TableDataOptions) {
  const { texts } = (spec as Partial<EvaluateSpec>).prompts ?? {};
  const { set, count, seeds } = prompts;
  return { set, count, seeds, texts: texts ?? (set === null ? null : (textsOf?.(prompts) ?? null)) };
}

function notesOf({ status }: StoredRun, result: Result | null, rows: readonly EvaluatedRow[]): string[] {
  if (result === null) return [];
  const { count, set, seeds } = result.prompts;
  return [
    ...(status === 'finished' ? [] : [`This is the previous table; the run is ${status} now.`]),
    `${count} prompts${set === null ? '' : ` of ${set}`}, seeds ${seeds.join(', ')}; 95 % intervals, clustered by prompt.`,
    ...(rows.some(({ gains }) => gains.length > 0)
      ? ['Gains are over the baseline of the same network and scheduler, paired by prompt.']
      : []),
    ...whyNotRecommended(rows, (role) => role),
    ...('warnings' in result ? result.warnings : result.notes),
  ];
}

type Lines = TableDocument['provenance'];

function aboutResult(result: Result): Lines {
  const { objective, prompts } = result;
  const images = 'generated' in result ? `${result.generated} generated, ${result.reused} reused` : null;
  return [
    ...('evaluateId' in result ? [{ name: 'evaluation', value: result.evaluateId }] : []),
    { name: 'objective', value: `${objective.type}: ${scoreFormula(objective)}` },
    { name: 'prompts', value: `${prompts.count}${prompts.set === null ? '' : ` of ${prompts.set}`}` },
    { name: 'seeds', value: prompts.seeds.join(', ') },
    { name: 'sha256 of the prompts', value: prompts.sha256 },
    ...(images === null ? [] : [{ name: 'images', value: images }]),
    { name: 'seconds', value: result.seconds.toFixed(1) },
  ];
}

const aboutRun = ({ id, createdAt, updatedAt }: StoredRun): Lines => [
  { name: 'id', value: id },
  { name: 'started', value: createdAt },
  { name: 'last change', value: updatedAt },
];
