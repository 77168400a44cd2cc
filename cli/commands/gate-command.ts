/**
 * `qsched gate`: is a candidate as good as its reference, within a margin?
 */
import type { SettledGate } from '../../contract/gate-evaluation.js';
import type { GateResult, GateVerdict } from '../../contract/gate-result.js';
import type { SearchResult } from '../../contract/search-result.js';
import { runCalibrated, type Calibrated } from '../follow/follow-calibration.js';
import { runGate } from '../follow/follow-gate.js';
import type { Outcome } from '../follow/visit-host.js';
import { servingOf } from '../host/serving.js';
import { putBaseline, writeBaseline } from '../input/gate-baseline.js';
import { checkFolders } from '../input/check-folders.js';
import { checkGate, checkReferences } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import type { GATE } from '../input/flags.js';
import { readGateSpec } from '../input/gate-input.js';
import { whole } from '../input/values.js';
import { gateText, gateMarkdown } from '../text/gate-text.js';
import { gateJunit } from '../text/gate-junit.js';
import { repairCommand } from '../text/gate-repair.js';
import { print, printJson, say, writeResult, type GlobalOptions } from '../text/output.js';

/** Exit codes by verdict. */
const EXIT_CODES: Readonly<Record<GateVerdict, number>> = { passed: 0, failed: 3, undecided: 4 };

/** Runs a gate to its verdict. @returns the exit code: 0 passed, 3 failed, 4 undecided */
export async function gateCommand(
  file: string | undefined,
  flags: Given<typeof GATE> & GlobalOptions,
): Promise<number> {
  const { places, input, ...gate } = readGateSpec(
    file,
    flags,
    flags.baseline === undefined ? undefined : putBaseline(flags.baseline),
  );
  const serving = servingOf(flags);
  places.named(() => {
    checkGate(gate);
    checkFolders(gate.spec);
    checkReferences(gate.evaluation);
  });
  const how = { input, serving, wait: flags.wait ?? false };
  const outcome = flags.calibrate
    ? await runCalibrated(gate, { ...how, budget: whole('--budget', flags.budget, 1, 100_000) })
    : await runPlain(gate, how);
  if (outcome === null) return 130;
  const { host } = outcome;
  const { first, search, second } = outcome.result;
  const result = second?.result ?? first;
  for (const warning of result.warnings) say(`warning: ${warning}`);
  const repair = result.verdict === 'failed' && second === null ? repairCommand(gate.spec) : null;
  if (flags.junit !== undefined) writeResult(flags.junit, gateJunit(result));
  if (flags.markdown !== undefined) writeResult(flags.markdown, gateMarkdown(result, repair));
  if (flags.writeBaseline !== undefined) writeBaseline(result, flags.writeBaseline);
  if (flags.json) printJson({ ...result, repair, calibration: calibrationOf(search, first), database: host.database });
  else {
    if (second !== null) print(`${gateText(first, null)}\n`);
    print(gateText(result, repair));
  }
  return EXIT_CODES[result.verdict];
}

/** The gate alone. */
async function runPlain(gate: SettledGate, how: Parameters<typeof runGate>[1]): Promise<Outcome<Calibrated>> {
  const outcome = await runGate(gate, how);
  return outcome === null ? null : { ...outcome, result: { first: outcome.result, search: null, second: null } };
}

/** The search between two gates, and what the first one said; null without. */
const calibrationOf = (search: SearchResult | null, first: GateResult) =>
  search === null ? null : { searchId: search.searchId, recommend: search.heldOut.recommend, before: first };
