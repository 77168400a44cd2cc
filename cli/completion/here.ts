/**
 * Names that are known on this machine, for completion: what cannot be read is left out.
 */
import { existsSync } from 'node:fs';
import { PROMPT_FORMATS } from '../../inference/prompts/prompt-formats.js';
import { listPromptSets } from '../../inference/prompts/prompt-sets.js';
import { listPrecisions } from '../../inference/models/model-folder.js';
import { findModel, listModels } from '../../inference/models/model-roots.js';
import { CLIP_IQA_PROMPTS } from '../../metrics/scores/clip-iqa.js';
import { STUDIES } from '../../paper/index.js';
import { listSchedules } from '../../db/schedules.js';
import { listRuns } from '../../db/runs.js';
import { listSearches } from '../../db/searches.js';
import { installedScorers } from '../../inference/scorers/installed-scorers.js';
import { databasePath } from '../host/database.js';
import { HELD_RUNS } from '../input/stored-run.js';
import { withAnyStore } from '../input/stored-search.js';

/** Characters of a schedule's id: more than enough to tell them apart. */
const SHORT_ID = 12;

const orNone = (read: () => readonly string[]): readonly string[] => {
  try {
    return read();
  } catch {
    return [];
  }
};

export const models = (): readonly string[] => orNone(listModels);
export const precisions = (): readonly string[] =>
  orNone(() => [...new Set(listModels().flatMap((model) => listPrecisions(findModel(model))))]);
export const promptSets = (): readonly string[] => orNone(listPromptSets);
export const promptFormats = (): readonly string[] => PROMPT_FORMATS;
export const scorers = (): readonly string[] => orNone(() => installedScorers().map(({ scorer }) => scorer));
export const pairs = (): readonly string[] => Object.keys(CLIP_IQA_PROMPTS);
export const studies = (): readonly string[] => [...Object.keys(STUDIES), 'ptqd', 'overhead'];

/** Ids of stored searches, the latest first. */
export const searches = (): readonly string[] =>
  orNone(() => (existsSync(databasePath()) ? withAnyStore((store) => listSearches(store).map(({ id }) => id)) : []));

/** The same, and those of stored evaluations and gates. */
export const held = (): readonly string[] => [...searches(), ...heldRuns()];

const heldRuns = (): readonly string[] =>
  orNone(() =>
    existsSync(databasePath())
      ? withAnyStore((store) => listRuns(store).flatMap(({ id, kind }) => (HELD_RUNS[kind] === undefined ? [] : [id])))
      : [],
  );

/** Beginnings of the ids of stored schedules. */
export const schedules = (): readonly string[] =>
  orNone(() =>
    existsSync(databasePath())
      ? withAnyStore((store) => listSchedules(store).map(({ id }) => id.slice(0, SHORT_ID)))
      : [],
  );
