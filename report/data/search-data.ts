/**
 * What a report says of a search, gathered from the store and the artefact folder. It only reads.
 */
import { maximisesRepair } from '../../contract/goal.js';
import { QschedError } from '../../contract/errors.js';
import type { Store } from '../../db/open-store.js';
import { racedTerms } from '../../db/raced-terms.js';
import { searchedBaseline } from '../../db/searched-baseline.js';
import { findSearch } from '../../db/searches.js';
import { settledObjective } from '../../db/settle-k.js';
import { calibrationOf } from '../../db/stored-terms.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import type { SearchDocument } from '../documents/search-document.js';
import { repairFormula, scoreFormula, usesK } from '../text/objective-text.js';
import type { ScorerNames } from '../text/scorer-label.js';
import { historyOf } from './history.js';
import type { ImagePlace } from './image-sources.js';
import { importancesOf } from './importances.js';
import { nextCommands } from './next-commands.js';
import { paretoOf } from './pareto.js';
import { progressOf, secondsOf } from './progress.js';
import { promptGainsOf, shownPrompts } from './prompt-gains.js';
import { contextsOf, provenanceOf } from './provenance.js';
import { repeatCommand } from './repeat-command.js';
import { imageRows, shownImages } from './search-images.js';
import { pointOf, searchSurface } from './search-surface.js';
import { bestTrial, calibrationTrials, storedTrials } from './stored-trials.js';
import { slicesOf } from './surface.js';
import { timelineOf } from './timeline.js';
import { verdictOf } from './verdict.js';

/** What of a search is shown. */
export interface SearchDataOptions extends ImagePlace {
  /** Held-out prompts with images; 12 by default. */
  readonly prompts?: number;
  /** What a model said of the search before, in place of fitting it again. */
  readonly held?: Pick<SearchDocument, 'surface' | 'importances'>;
}

const SHOWN_PROMPTS = 12;
/** Candidates that were raced out and may be on the front: more take seconds, and the worst are far from it. */
const MOST_ESTIMATES = 400;

/**
 * The document of a stored search, whatever its status: what is not known yet is null or empty. Scores need about a second
 * for 2,500 trials.
 *
 * @throws QschedError (usage) if there is no such search
 */
export function searchDocument(store: Store, id: string, options: SearchDataOptions): SearchDocument {
  const search = findSearch(store, id);
  if (search === undefined) throw new QschedError('usage', `There is no search "${id}".`, 'See npx qsched status.');
  const { spec, status, result } = search;
  const { scheduler, coefficients, prompts, confirm } = spec;
  const objective = settledObjective(store, search);
  const trials = storedTrials(store, id);
  const calibration = calibrationTrials(trials);
  const best = bestTrial(calibration);
  const contexts = contextsOf(store, id, spec.precision);
  const nameOf = scorerNames(contexts);
  const space = coefficientSpace({ ...coefficients, steps: scheduler.steps });
  const surface = searchSurface(space, calibration, prompts.count * prompts.seeds.length);
  const { held } = options;
  const importances = held === undefined ? importancesOf(surface) : held.importances;
  const baseline = calibration.find(({ number }) => number === 0);
  const terms = result?.identity.terms ?? baseline;
  const verdict =
    result === null ? null : verdictOf(result, { status, objective: nameOfObjective(objective.type), nameOf });
  const finalist = result === null ? null : pointOf(space, result.finalist);
  const gains = promptGainsOf(store, id, result?.heldOut.scorers.map(({ scorer }) => scorer) ?? [], nameOf);
  const ofObjective = gains.filter(({ scorer }) => scorer === gains[0]?.scorer);
  const rows = imageRows(store, id, confirm.seeds);
  const positions = [...new Set(rows.map(({ position }) => position))];
  const chosen = result?.best.trial ?? best?.number;
  const pareto = paretoOf(
    spec,
    objective,
    calibration,
    chosen,
    racedTerms(calibrationOf(store, search), objective, { most: MOST_ESTIMATES }),
  );
  const seconds = secondsOf(search, trials);
  const timeline = timelineOf(store, id, seconds);
  return {
    kind: 'search',
    id,
    status,
    message: search.message,
    progress: progressOf(search, trials, seconds),
    model: spec.model,
    precision: spec.precision,
    scheduler: scheduler.type,
    steps: scheduler.steps,
    optimizer: spec.optimizer.type,
    objective: (maximisesRepair(spec) ? repairFormula : scoreFormula)(objective, terms),
    verdict,
    schedule: {
      timesteps: searchedBaseline(store, search)?.steps.map(({ timestep }) => timestep) ?? [],
      finalist: result?.finalist ?? null,
      recommended: verdict === null || verdict.recommend === 'none' ? null : recommendedOf(result!),
      range: [...coefficients.range],
    },
    trials: historyOf(trials),
    baseline: baseline?.score ?? null,
    surface:
      held === undefined
        ? slicesOf(surface, {
            grid: spec.optimizer.type === 'grid',
            centre: finalist ?? (best === undefined ? null : pointOf(space, best.coefficients)),
            finalist,
            importances,
          })
        : held.surface,
    prompts: gains,
    ...shownImages(rows, shownPrompts(ofObjective, positions, options.prompts ?? SHOWN_PROMPTS), options),
    pareto,
    importances,
    timeline,
    provenance: provenanceOf(contexts, {
      ...search,
      workers: timeline.workers.map(({ name }) => name),
      asked: surface,
    }),
    command: repeatCommand(spec),
    next: nextCommands(
      { id, status, verdict },
      {
        usesK: usesK(objective.type),
        pareto: pareto !== null,
        recommended: result?.linear?.recommend === 'linear' ? result.linear.searchId : id,
      },
    ),
  };
}

type Result = NonNullable<NonNullable<ReturnType<typeof findSearch>>['result']>;

const recommendedOf = ({ heldOut, linear, finalist, identity }: Result): Result['finalist'] => {
  if (heldOut.recommend !== 'calibrated') return identity.coefficients;
  return linear?.recommend === 'linear' ? linear.coefficients : finalist;
};

/** The objective keeps its name; another scorer is called by its folder. */
function scorerNames(contexts: ReturnType<typeof contextsOf>): ScorerNames {
  const names = new Map(contexts.map(({ role, provenance }) => [role, provenance.scorer?.name]));
  return (role) => (role === 'objective' ? role : (names.get(role) ?? role));
}

/** In a headline: the paper's name where it is the paper's objective. */
const nameOfObjective = (type: string): string => (type.startsWith('jaq') ? 'JAQ' : 'in the objective');
