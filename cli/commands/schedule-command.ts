/**
 * `qsched schedules` and `qsched schedule show|add`: stored schedules, and schedules by hand.
 */
import { existsSync } from 'node:fs';
import { findSchedules, listSchedules, storeSchedule, type StoredSchedule } from '../../db/schedules.js';
import { noiseLevels } from '../../diffusion/noise-level.js';
import { QschedError } from '../../contract/errors.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import { stepCount } from '../../contract/step-count.js';
import { suggestion } from '../../contract/suggestion.js';
import type { Given } from '../input/flag.js';
import type { LOOK, SCHEDULE } from '../input/flags.js';
import { readScheduleFile, schedulerFor } from '../input/schedule-file.js';
import { withAnyStore, withWritableStore } from '../input/stored-search.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { scheduleText } from '../text/schedule-text.js';
import { tableFormat, tableOfTexts, writeTable } from '../text/table-document.js';

const ACTIONS = ['show', 'add'];
/** Characters of an id in texts. */
export const SHORT_ID = 12;

type ScheduleFlags = Given<typeof SCHEDULE> & GlobalOptions;

/** Lists every stored schedule, the most recent first. @returns the exit code */
export function schedulesCommand(flags: Given<typeof LOOK> & GlobalOptions): number {
  const format = tableFormat(flags.format);
  const rows = withAnyStore(listSchedules);
  if (flags.json) printJson(rows.map(listed));
  else if (rows.length === 0) {
    print('There is no schedule yet. A finished search stores two; to store one by hand: npx qsched schedule add FILE');
  } else {
    const heads = ['id', 'kind', 'scheduler', 'steps', 'eta', 'made for', 'search', 'stored'];
    print(writeTable(tableOfTexts([heads, ...rows.map(cells)]), format));
  }
  return 0;
}

const listed = ({
  id,
  createdAt,
  origins,
  document: { kind, scheduler, model, precision, searchId, coefficients },
}: StoredSchedule) => ({
  id,
  kind,
  scheduler: scheduler.type,
  steps: scheduler.steps,
  eta: scheduler.eta,
  model,
  precision,
  searchId,
  coefficients,
  createdAt,
  origins,
});

/** One line per steps: all networks that they were made for, and the search that stored them last. */
function cells({ id, createdAt, origins, document: { scheduler } }: StoredSchedule): string[] {
  const kinds = [...new Set(origins.map(({ kind }) => kind))];
  const made = [...new Set(origins.map(networkOf))].filter((name) => name !== '');
  const searches = [...new Set(origins.flatMap(({ searchId }) => searchId ?? []))];
  const more = searches.length > 1 ? ` and ${searches.length - 1} more` : '';
  return [
    id.slice(0, SHORT_ID),
    kinds.join(', '),
    scheduler.type,
    String(scheduler.steps),
    String(scheduler.eta),
    made.join(', ') || '-',
    `${searches[0] ?? '-'}${more}`,
    (origins[0]?.usedAt ?? createdAt).slice(0, 19),
  ];
}

/** `shapes w4a8`; empty if a schedule is not tied to a model. */
const networkOf = ({ model, precision }: Pick<CompleteSchedule, 'model' | 'precision'>): string =>
  [model, precision].filter((part) => part !== undefined).join(' ');

/** Shows or stores one schedule. @returns the exit code @throws QschedError (usage) */
export function scheduleCommand(action: string, what: string, flags: ScheduleFlags): number {
  if (!ACTIONS.includes(action)) {
    throw new QschedError('usage', `qsched schedule has no action "${action}".`, suggestion(action, ACTIONS));
  }
  return action === 'show' ? show(what, flags) : add(what, flags);
}

function show(what: string, flags: ScheduleFlags): number {
  const stored = existsSync(what) ? null : requireSchedule(what);
  const document = stored?.document ?? readScheduleFile(what, flags.model);
  if (flags.json) {
    printJson(document);
    return 0;
  }
  const { kind, scheduler, searchId } = document;
  const network = networkOf(document);
  const made = network === '' ? '' : `, made for ${network}`;
  const by = searchId === undefined ? '' : ` by ${searchId}`;
  print(
    `${stored?.id ?? what}\n${kind}: ${scheduler.type}, ${stepCount(scheduler.steps)}, eta ${scheduler.eta}${made}${by}\n`,
  );
  print(scheduleText(document, sigmasOf(document, flags)));
  return 0;
}

function add(path: string, flags: ScheduleFlags): number {
  const complete = readScheduleFile(path, flags.model);
  const { id, added } = withWritableStore((store) => storeSchedule(store, complete));
  if (flags.json) printJson({ id, added });
  else {
    print(
      added ? `stored ${id}\n  show it: npx qsched schedule show ${id.slice(0, SHORT_ID)}` : `already stored: ${id}`,
    );
  }
  return 0;
}

/** One stored schedule by the start of its id. @throws QschedError (usage) if there is none, or more than one */
export function requireSchedule(prefix: string): StoredSchedule {
  const found = withAnyStore((store) => findSchedules(store, prefix));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new QschedError(
      'usage',
      `${found.length} ids start with "${prefix}": ${found.map(({ id }) => id.slice(0, SHORT_ID)).join(', ')}.`,
      'Type more characters of the id.',
    );
  }
  throw new QschedError(
    'usage',
    `There is no schedule "${prefix}": it is neither a file nor the start of a stored id.`,
    'See npx qsched schedules.',
  );
}

/** Noise levels for the plot; null if the model is not here. */
function sigmasOf(document: CompleteSchedule, flags: ScheduleFlags): number[] | null {
  try {
    return noiseLevels(schedulerFor(document, flags.model));
  } catch {
    return null;
  }
}
