/**
 * A search as a journal of Optuna 5.0.0 (storages/journal/_storage.py): JSON lines, one operation each, which
 * `JournalStorage(JournalFileBackend(path))` replays and optuna-dashboard shows. Only operations 0, 2, 3 and 4 are needed:
 * a trial is created together with its outcome, as `study.add_trial` does it.
 */

/** Operations of the journal (JournalOperation). */
const CREATE_STUDY = 0;
const SET_STUDY_USER_ATTR = 2;
const SET_STUDY_SYSTEM_ATTR = 3;
const CREATE_TRIAL = 4;
/** StudyDirection.MAXIMIZE. */
const MAXIMIZE = 2;
/** TrialState. */
const STATES = { running: 0, complete: 1, pruned: 2, fail: 3 } as const;
/** optuna-dashboard keeps a note in pieces of this many characters. */
const NOTE_CHARACTERS = 2045;

/** A trial in Optuna's words. */
export interface JournalTrial {
  readonly state: keyof typeof STATES;
  /** Null for failed and running trials. */
  readonly value: number | null;
  /** One number per parameter of the journal. */
  readonly point: readonly number[];
  /** Step -> mean score over so many (prompt, seed) pairs. */
  readonly intermediate: Readonly<Record<number, number>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** ISO 8601 in UTC, with milliseconds and `Z`. */
  readonly start: string;
  readonly complete: string;
}

/** A study in Optuna's words; its value is maximised. */
export interface JournalStudy {
  readonly name: string;
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  /** The range of every parameter; it is widened to hold all points, since a range may have grown during the search. */
  readonly range: readonly [number, number];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Markdown that optuna-dashboard shows with the study. */
  readonly note: string;
  /** In the order of their numbers, from 0. */
  readonly trials: readonly JournalTrial[];
}

/** The lines of the file, each with its line feed. */
export function optunaJournal({ name, parameters, range, attributes, note, trials }: JournalStudy): string {
  const low = Math.min(range[0], ...trials.flatMap(({ point }) => point));
  const high = Math.max(range[1], ...trials.flatMap(({ point }) => point));
  const distribution = JSON.stringify({ name: 'FloatDistribution', attributes: { step: null, low, high, log: false } });
  const distributions = Object.fromEntries(parameters.map((parameter) => [parameter, distribution]));
  const about = { study_id: 0 };
  const operations = [
    { op_code: CREATE_STUDY, study_name: name, directions: [MAXIMIZE] },
    ...Object.entries(attributes).map(([key, value]) => ({
      op_code: SET_STUDY_USER_ATTR,
      ...about,
      user_attr: { [key]: value },
    })),
    ...Object.entries(noteAttributes(note)).map(([key, value]) => ({
      op_code: SET_STUDY_SYSTEM_ATTR,
      ...about,
      system_attr: { [key]: value },
    })),
    ...trials.map(({ state, value, point, intermediate, attributes: own, start, complete }) => ({
      op_code: CREATE_TRIAL,
      ...about,
      state: STATES[state],
      value,
      values: null,
      datetime_start: timeOf(start),
      ...(state === 'running' ? {} : { datetime_complete: timeOf(complete) }),
      distributions,
      params: Object.fromEntries(parameters.map((parameter, i) => [parameter, point[i]!])),
      user_attrs: own,
      system_attrs: {},
      intermediate_values: intermediate,
    })),
  ];
  return operations.map((operation) => `${JSON.stringify({ ...operation, worker_id: 'qsched' })}\n`).join('');
}

/** optuna_dashboard/_note.py: a version, and the text in pieces. */
function noteAttributes(note: string): Record<string, unknown> {
  const pieces = Math.ceil(note.length / NOTE_CHARACTERS);
  const texts = Array.from({ length: pieces }, (_, i) => [
    `dashboard:note_str:${i}`,
    note.slice(i * NOTE_CHARACTERS, (i + 1) * NOTE_CHARACTERS),
  ]);
  return { 'dashboard:note_ver': 1, ...Object.fromEntries(texts) };
}

/** `2026-01-31T12:00:00.123Z` as `2026-01-31T12:00:00.123000+00:00`, which every Python reads. */
const timeOf = (iso: string): string => iso.replace(/Z$/, '000+00:00');
