/**
 * `qsched search` and `qsched resume`: from a spec to a verdict.
 */
import { existsSync } from 'node:fs';
import { checkFiles } from '../../inference/prepare/prepare.js';
import type { Store } from '../../db/open-store.js';
import { findSearch, listSearches } from '../../db/searches.js';
import { QschedError } from '../../spec/errors.js';
import type { SearchResult } from '../../spec/payloads.js';
import type { SearchSpec } from '../../spec/search-spec.js';
import { parseSearchSpec } from '../../spec/validate.js';
import { followSearch, isRunning, searchIdOf, startSearch } from '../follow/follow.js';
import { databasePath, enterHouse, type House } from '../house/house.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { ProgressLine } from '../follow/progress-line.js';
import { readSpec, type SpecFlags } from '../input/spec-input.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { verdictText } from '../text/verdict-text.js';

/** Flags of `search` that do not change the spec. */
export interface RunFlags extends GlobalOptions {
  readonly id?: string;
  readonly workers?: string;
  readonly wait?: boolean;
  readonly failWithoutGain?: boolean;
}

/** How the id of a control's own search ends. */
const CONTROL = '-control';

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Runs a search to its verdict. @returns the exit code */
export async function searchCommand(file: string | undefined, flags: SpecFlags & RunFlags): Promise<number> {
  const spec = readSpec(file, flags);
  checkFiles(spec);
  scoringProcesses(flags);
  if (flags.id !== undefined && !ID.test(flags.id)) throw new QschedError('usage', `--id "${flags.id}" is not a search id.`, 'Use letters, digits, ".", "_" and "-".');
  const wanted = flags.id ?? searchIdOf(spec);
  const id = existsSync(databasePath()) ? withStore((store) => freshId(store, wanted, spec, flags.id !== undefined)) : wanted;
  return runToEnd(id, spec, flags);
}

/** Goes on with a search: follows it where it runs, rebuilds it from the database where it does not. */
export async function resumeCommand(searchId: string | undefined, flags: RunFlags & { retryFailed?: boolean; budget?: string }): Promise<number> {
  scoringProcesses(flags);
  const { id, spec: stored } = withStore((store) => requireSearch(store, searchId ?? latestUnfinished(store)));
  const budget = flags.budget === undefined ? {} : { budget: Number(flags.budget) };
  const spec = parseSearchSpec({ ...stored, optimizer: { ...stored.optimizer, ...budget }, retryFailed: flags.retryFailed ?? false }, () => (flags.budget === undefined ? '' : '--budget: '));
  if (spec.optimizer.budget < stored.optimizer.budget) throw new QschedError('usage', `--budget ${spec.optimizer.budget} is below the search's own ${stored.optimizer.budget}.`, 'A search can grow, not shrink.');
  checkFiles(spec);
  return runToEnd(id, spec, flags, spec.optimizer.budget > stored.optimizer.budget || spec.retryFailed);
}

/** What --workers asks for; undefined lets the model's size decide. */
function scoringProcesses({ workers }: RunFlags): number | undefined {
  if (workers === undefined) return undefined;
  const count = Number(workers);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new QschedError('usage', `--workers is ${workers}: it must be a whole number from 1 to 64.`, 'Use one worker a device.');
  return count;
}

/** The latest search that is not finished; a full-precision control belongs to its search, and goes on with it. */
function latestUnfinished(store: Store): string | undefined {
  const rows = listSearches(store);
  const ids = new Set(rows.map(({ id }) => id));
  const own = rows.filter(({ id }) => !id.endsWith(CONTROL) || !ids.has(id.slice(0, -CONTROL.length)));
  return (own.find(({ status }) => status !== 'finished') ?? own[0])?.id;
}

/** A finished search of the same spec keeps its rows: the new one gets a number. */
function freshId(store: Store, wanted: string, spec: SearchSpec, chosen: boolean): string {
  const found = findSearch(store, wanted);
  if (!found) return wanted;
  if (chosen) {
    if (found.status !== 'finished' && searchIdOf(found.spec) === searchIdOf(spec)) return wanted;
    throw new QschedError('usage', `There is a search "${wanted}" already.`, `Choose another --id, or go on with it: npx qsched resume ${wanted}`);
  }
  if (found.status !== 'finished') return wanted;
  for (let n = 2; ; n += 1) {
    const other = findSearch(store, `${wanted}-${n}`);
    if (!other || other.status !== 'finished') return `${wanted}-${n}`;
  }
}

/** @param replace whether a running workflow of this id gives way: its spec is no longer the one wanted */
async function runToEnd(searchId: string, spec: SearchSpec, flags: RunFlags, replace = false): Promise<number> {
  const started = Date.now();
  const line = new ProgressLine();
  const interruption = onInterrupt(searchId);
  say(`search ${searchId}: ${spec.model} ${spec.precision}, ${spec.scheduler.steps} steps, ${spec.optimizer.type}, budget ${spec.optimizer.budget}`);
  try {
    for (let fresh = replace; ; fresh = false) {
      line.note('getting the server and the workers ready');
      const entered = enterHouse({ models: [spec.model], scoring: scoringProcesses(flags), say, wait: flags.wait ?? false });
      const house = await Promise.race([entered, interruption.happened]);
      if (house === undefined) return await leaveEarly(await entered.catch(() => undefined), searchId, line);
      const following = new AbortController();
      try {
        if (house.uiUrl) say(`watch it: ${house.uiUrl}/namespaces/${house.namespace}/workflows/${searchId}`);
        if (fresh || !(await isRunning(house.client, searchId))) await startSearch(house.client, searchId, spec, fresh);
        const outcome = await Promise.race([
          followSearch(house.client, searchId, line, following.signal), interruption.happened, house.broken, house.deserted.then(() => 'deserted' as const),
        ]);
        if (outcome === undefined) return await leaveEarly(house, searchId, line);
        if (outcome !== 'deserted') {
          line.end();
          show(outcome, spec, house, (Date.now() - started) / 1000, flags);
          return flags.failWithoutGain && outcome.heldOut.recommend !== 'calibrated' ? 3 : 0;
        }
        say('the process that ran the workers has gone; this one takes its place');
      } finally {
        following.abort();
        await house.stop();
      }
    }
  } finally {
    line.end();
    interruption.forget();
  }
}

async function leaveEarly(house: House | undefined, searchId: string, line: ProgressLine): Promise<number> {
  line.end();
  await house?.stop();
  say(house?.ours === false ? `the search goes on without us. Follow it with: npx qsched resume ${searchId}` : `interrupted; everything scored so far is stored. Go on with: npx qsched resume ${searchId}`);
  return 130;
}

function onInterrupt(searchId: string): { happened: Promise<undefined>; forget: () => void } {
  let resolve: (value: undefined) => void = () => undefined;
  const happened = new Promise<undefined>((done) => { resolve = done; });
  let times = 0;
  const handler = (): void => {
    times += 1;
    if (times > 1) {
      say(`stopped at once. Go on with: npx qsched resume ${searchId}`);
      process.exit(130);
    }
    say('\nstopping; press Ctrl-C again to leave at once');
    resolve(undefined);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return { happened, forget: () => { process.off('SIGINT', handler); process.off('SIGTERM', handler); } };
}

function show(result: SearchResult, spec: SearchSpec, house: House, seconds: number, flags: RunFlags): void {
  const temporalUi = house.uiUrl === null ? null : `${house.uiUrl}/namespaces/${house.namespace}/workflows/${result.searchId}`;
  if (flags.json) {
    printJson({ ...result, database: house.database, temporalUi, seconds });
    return;
  }
  print(verdictText(result, spec.objective.k));
  print(`\n${seconds.toFixed(1)} s. Database: ${house.database ?? `in the data folder of the workers at ${house.address}`}`);
  if (house.database !== null) print(`  export:  npx qsched export ${result.searchId}`);
  print(house.ours ? '  the same data with the Temporal UI: npx qsched up' : `  Temporal UI: ${temporalUi ?? 'see your server'}`);
}
