/**
 * A gate that calibrates: where the candidate fails, its coefficients are searched on other prompts, and the gate is run again
 * with them on fresh ones.
 */
import { QschedError } from '../../contract/errors.js';
import type { SettledGate } from '../../contract/gate-evaluation.js';
import type { GateResult } from '../../contract/gate-result.js';
import { LEAST_PROMPTS } from '../../contract/gate-spec.js';
import type { SearchResult } from '../../contract/search-result.js';
import { settleGateHere } from '../../planning/settle.js';
import type { Serving } from '../host/serving.js';
import { repairSearch } from '../input/repair-search.js';
import { searchIdFor } from '../input/search-id.js';
import { say } from '../text/output.js';
import { followedGate } from './follow-gate.js';
import { followedSearch, isRunning, startSearch } from './follow-search.js';
import { visitHost, type Outcome } from './visit-host.js';

/** Both gates, and the search between them; the latter two are null where the first gate did not fail. */
export interface Calibrated {
  readonly first: GateResult;
  readonly search: SearchResult | null;
  readonly second: { readonly gate: SettledGate; readonly result: GateResult } | null;
}

interface Options {
  readonly input: unknown;
  /** Candidates of the search; by default as many as a search has. */
  readonly budget: number | undefined;
  readonly serving: Serving;
  readonly wait: boolean;
}

/** @throws QschedError: a workflow failed; too few prompts are left for a second gate */
export function runCalibrated(gate: SettledGate, { input, budget, ...host }: Options): Promise<Outcome<Calibrated>> {
  const { spec: search, input: searchInput } = repairSearch(gate, budget);
  const searchId = searchIdFor({ spec: search, input: searchInput });
  const own = followedGate(gate, input);
  const visit = { ...own, ...host, models: [...new Set(gate.evaluation.rows.map(({ model }) => model))] };
  return visitHost(visit, async ({ host: { client }, follow }) => {
    await own.start(client, true);
    const first = await follow<GateResult>(own);
    if (first.verdict !== 'failed') return { first, search: null, second: null };
    const fresh = freshGate(gate, first, searchId);
    say(`failed: ${first.reason} Searching coefficients: ${searchId}`);
    const title = `${search.model} ${search.precision}, to repair ${first.gateId}`;
    if (!(await isRunning(client, searchId))) await startSearch(client, searchId, { input: searchInput, title });
    const found = await follow<SearchResult>(followedSearch(searchId, search));
    say(`the gate again, with the finalist of ${searchId}, after the first ${fresh.spec.prompts.skip} prompts`);
    const again = followedGate(fresh, fresh.spec);
    await again.start(client, true);
    return { first, search: found, second: { gate: fresh, result: await follow<GateResult>(again) } };
  });
}

/** The gate with the calibrated candidate, on prompts that the first one did not look at. */
function freshGate({ spec }: SettledGate, { prompts: used }: GateResult, searchId: string): SettledGate {
  const { prompts, candidate } = spec;
  const { texts } = prompts;
  const left = texts?.slice(used.count);
  if (left !== undefined && left.length < LEAST_PROMPTS) {
    throw new QschedError(
      'usage',
      `--calibrate: the gate looked at ${used.count} of its ${texts!.length} prompts, and a second one needs ${LEAST_PROMPTS} fresh ones.`,
      'Give more prompts.',
    );
  }
  const fresh =
    left === undefined ? { ...prompts, skip: used.skip + used.count } : { ...prompts, texts: left, count: left.length };
  return settleGateHere({ ...spec, candidate: { ...candidate, schedule: `search:${searchId}` }, prompts: fresh });
}
