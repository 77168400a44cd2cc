/**
 * The defaults that fit a model: its qsched.json first, then what its files and the installed scorers say.
 */
import { dirname, join } from 'node:path';
import { QschedError } from '../contract/errors.js';
import type { ModelDefaults, Undecided } from '../contract/model-defaults.js';
import type { ModelFolder } from './models/model-folder.js';
import { readsText } from './pipelines/pipeline-kind.js';
import { ownRoots, usualScorers } from './scorers/usual-scorers.js';
import { usualSteps, usualType } from './usual-sampling.js';

/** Bundled prompts for any model, and the number of its held-out ones. */
const GENERAL = {
  calibration: 'general-calibration',
  select: 'general-select',
  heldout: 'general-heldout',
  eval: 'general-heldout',
} as const;
const GENERAL_COUNT = 512;

/** @param roots where scorers are looked for; by default where the environment says */
export function modelDefaults(model: ModelFolder, roots?: readonly string[]): ModelDefaults {
  const { settings, scorers } = model;
  const { type: _, steps: __, ...options } = settings.scheduler ?? {};
  const [usual, other] = usualScorers(roots).filter((name) => name !== scorers['objective']);
  const objective = scorers['objective'] === undefined ? usual : 'objective';
  const outside = scorers['second'] !== undefined ? 'second' : objective === usual ? other : usual;
  const prompts = {
    calibration: settings.prompts?.calibration ?? GENERAL.calibration,
    select: settings.prompts?.select ?? GENERAL.select,
    heldout: settings.prompts?.heldout ?? GENERAL.heldout,
    eval: settings.prompts?.eval ?? GENERAL.eval,
  };
  return {
    scheduler: { type: undecided(() => usualType(model)), steps: usualSteps(model), ...options },
    objective: { type: readsText(model) ? 'jaq-clip' : 'iq', scorer: objective ?? noScorer(model, roots) },
    scorers: outside === undefined ? [] : [outside],
    features: outside ?? objective ?? null,
    prompts: { ...prompts, ...(prompts.eval === GENERAL.eval ? { evalCount: GENERAL_COUNT } : {}) },
  };
}

function undecided<T>(body: () => T): T | Undecided {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    return { missing: error.message, hint: error.hint };
  }
}

function noScorer({ name, folder }: ModelFolder, roots?: readonly string[]): Undecided {
  const own = ownRoots(roots);
  const output = join(own[0] ?? dirname(folder), 'clip-score');
  const where =
    own.length === 0 ? 'QSCHED_MODELS names no folder for scorers' : `no CLIP folder is under ${own.join(' or ')}`;
  return {
    missing: `The model "${name}" has no scorer: its qsched.json names none, and ${where}.`,
    hint: `Make one: python tools/export_scorer.py clip-score --output ${output} (docs/scorers.md).`,
  };
}
