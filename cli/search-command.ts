/**
 * `qsched search` and `qsched resume`: from a spec to a verdict.
 */
import { checkFiles } from '../inference/prepare.js';
import { openStore } from '../db/open-store.js';
import { findSearch, listSearches } from '../db/searches.js';
import { QschedError } from '../spec/errors.js';
import type { SearchResult } from '../spec/payloads.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { parseSearchSpec, suggestion } from '../spec/validate.js';
import { followSearch, isRunning, searchIdOf, startSearch } from './follow.js';
import { databasePath, enterHouse, type House } from './house.js';
import { print, printJson, say, type GlobalOptions } from './output.js';
import { ProgressLine } from './progress-line.js';
import { readSpec, type SpecFlags } from './spec-input.js';
import { verdictText } from './verdict-text.js';
import { existsSync } from 'node:fs';

/** Flags of `search` that do not change the spec. */
export interface RunFlags extends GlobalOptions {
  readonly id?: string;
  readonly workers?: string;
  readonly wait?: boolean;
  readonly failWithoutGain?: boolean;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Runs a search to its verdict. @returns the exit code */
export async function searchCommand(file: string | undefined, flags: SpecFlags & RunFlags): Promise<number> {
  const spec = readSpec(file, flags);
  checkFiles(spec);
  if (flags.id !== undefined && !ID.test(flags.id)) throw new QschedError('usage', `--id "${flags.id}" is not a search id.`, 'Use letters, digits, ".", "_" and "-".');
  return runToEnd(freshId(flags.id ?? searchIdOf(spec), spec, flags.id !== undefined), spec, flags);
}

/** Goes on with a search: follows it where it runs, rebuilds it from the database where it does not. */
export async function resumeCommand(searchId: string | undefined, flags: RunFlags & { retryFailed?: boolean; budget?: string }): Promise<number> {
  const id = searchId ?? latestUnfinished();
  const stored = readStored(id);
  const budget = flags.budget === undefined ? {} : { budget: Number(flags.budget) };
  const spec = parseSearchSpec({ ...stored, optimizer: { ...stored.optimizer, ...budget }, retryFailed: flags.retryFailed ?? false });
  if (spec.optimizer.budget < stored.optimizer.budget) throw new QschedError('usage', `--budget ${spec.optimizer.budget} is below the search's own ${stored.optimizer.budget}.`, 'A search can grow, not shrink.');
  checkFiles(spec);
  return runToEnd(id, spec, flags);
}

function readStored(id: string): SearchSpec {
  const store = openStore(databasePath(), { readonly: true });
  try {
    const found = findSearch(store, id);
    if (found) return found.spec;
    throw new QschedError('usage', `There is no search "${id}" in ${databasePath()}.`, suggestion(id, listSearches(store).map((row) => row.id)));
  } finally {
    store.$client.close();
  }
}

function latestUnfinished(): string {
  const store = openStore(databasePath(), { readonly: true });
  try {
    const row = listSearches(store).find((search) => search.status !== 'finished') ?? listSearches(store)[0];
    if (!row) throw new QschedError('failure', 'There is no search to resume yet.', 'Start one: npx qsched search --model shapes');
    return row.id;
  } finally {
    store.$client.close();
  }
}

/** A finished search of the same spec keeps its rows: the new one gets a number. */
function freshId(wanted: string, spec: SearchSpec, chosen: boolean): string {
  if (!existsSync(databasePath())) return wanted;
  const store = openStore(databasePath(), { readonly: true });
  try {
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
  } finally {
    store.$client.close();
  }
}

async function runToEnd(searchId: string, spec: SearchSpec, flags: RunFlags): Promise<number> {
  const started = Date.now();
  const line = new ProgressLine();
  const scoring = Number(flags.workers ?? 1);
  if (!Number.isInteger(scoring) || scoring < 1 || scoring > 64) throw new QschedError('usage', `--workers is ${flags.workers}: it must be a whole number from 1 to 64.`, 'Use one worker a device.');
  say(`search ${searchId}: ${spec.model} ${spec.precision}, ${spec.scheduler.steps} steps, ${spec.optimizer.type}, budget ${spec.optimizer.budget}`);
  const interruption = onInterrupt(searchId);
  let house: House | undefined;
  try {
    const entered = enterHouse({ models: [spec.model], scoring, say, wait: flags.wait ?? false });
    house = await Promise.race([entered, interruption.happened]);
    if (house === undefined) return await leaveEarly(await entered, searchId);
    if (house.uiUrl) say(`watch it: ${house.uiUrl}/namespaces/${house.namespace}/workflows/${searchId}`);
    if (!(await isRunning(house.client, searchId))) await startSearch(house.client, searchId, spec);
    const result = await Promise.race([followSearch(house.client, searchId, line), interruption.happened]);
    if (result === undefined) {
      line.end();
      return await leaveEarly(house, searchId);
    }
    const seconds = (Date.now() - started) / 1000;
    show(result, spec, house, seconds, flags);
    await house.stop();
    return flags.failWithoutGain && result.heldOut.recommend !== 'calibrated' ? 3 : 0;
  } catch (error) {
    line.end();
    await house?.stop();
    throw error;
  } finally {
    interruption.forget();
  }
}

async function leaveEarly(house: House, searchId: string): Promise<number> {
  say(house.ours ? `interrupted; everything scored so far is stored. Go on with: npx qsched resume ${searchId}` : `the search goes on without us. Follow it with: npx qsched resume ${searchId}`);
  await house.stop();
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
  print(`\n${seconds.toFixed(1)} s. Database: ${house.database}`);
  print(`  export:  npx qsched export ${result.searchId}`);
  print(house.ours ? '  the same data with the Temporal UI: npx qsched up' : `  Temporal UI: ${temporalUi ?? 'see your server'}`);
}
