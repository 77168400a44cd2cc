/**
 * `qsched plan`: what a search will take, before anything runs; or of a stored search, also what it took.
 */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { findSearch } from '../../db/searches.js';
import { servingOf } from '../host/serving.js';
import { checkSearch } from '../input/check-here.js';
import { flagName, type Given } from '../input/flag.js';
import { SEARCH_SPEC, type PLAN } from '../input/flags.js';
import { scorerNames } from '../input/scorer-names.js';
import { searchIdFor } from '../input/search-id.js';
import { readSpec } from '../input/spec-input.js';
import { requireSearch, withAnyStore, withStore } from '../input/stored-search.js';
import { planSearchHere, type PlanWanted, type SearchPlanDocument } from '../plan/plan-search.js';
import { tookBy } from '../plan/took.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { planText } from '../text/plan-text.js';
import { besideText } from '../text/took-text.js';

type PlanFlags = Given<typeof PLAN> & GlobalOptions;

/**
 * @param what a spec file, or the id of a stored search
 * @returns the exit code
 */
export async function planCommand(what: string | undefined, flags: PlanFlags): Promise<number> {
  const serving = servingOf(flags);
  const measure = flags.measure === true ? { measure: (await import('../plan/measure-speed.js')).measureSpeed } : {};
  if (what !== undefined && isStored(what)) {
    refuseSpecFlags(what, flags);
    return planStored(what, { serving, ...measure }, flags);
  }
  const { spec, input, places } = readSpec(what, flags);
  places.named(() => checkSearch(spec));
  const searchId = searchIdFor({ spec, input });
  const plan = await planSearchHere({ searchId, spec, serving, reuse: true, ...measure });
  if (flags.json) printJson(plan);
  else print(planText(plan, namesOf(plan)));
  return 0;
}

/** A file is a spec, whatever searches there are. */
const isStored = (what: string): boolean =>
  !existsSync(what) &&
  (withAnyStore((store) => findSearch(store, what)) !== undefined ||
    !['.yaml', '.yml', '.json'].includes(extname(what)));

/** @throws QschedError (usage) for flags that would change the spec of a stored search */
function refuseSpecFlags(id: string, flags: PlanFlags): void {
  const given = (Object.keys(SEARCH_SPEC) as (keyof typeof SEARCH_SPEC)[]).find((key) => flags[key] !== undefined);
  if (given === undefined) return;
  throw new QschedError(
    'usage',
    `${flagName(given)} changes a spec, and "${id}" is a stored search.`,
    'Leave it out, or plan a spec file or flags.',
  );
}

/** The plan of a stored search, as if nothing were stored, beside what it took. */
async function planStored(
  id: string,
  how: Pick<PlanWanted, 'serving' | 'measure'>,
  { json }: GlobalOptions,
): Promise<number> {
  const { search, took } = withStore((store) => {
    const found = requireSearch(store, id);
    return { search: found, took: tookBy(store, found.id, found.spec) };
  });
  const planned = await planSearchHere({ searchId: search.id, spec: search.spec, reuse: false, ...how });
  if (json) printJson({ planned, took });
  else print(`${planText(planned, namesOf(planned))}\n\n${besideText(planned, took)}`);
  return 0;
}

const namesOf = ({ model, total }: SearchPlanDocument) =>
  scorerNames(
    model,
    Object.keys(total.high.scorerCalls).map((scorer) => ({ scorer })),
  );
