/**
 * `qsched gate`: is a candidate as good as its reference, within a margin?
 */
import type { GateVerdict } from '../../contract/gate-result.js';
import { runGate } from '../follow/follow-gate.js';
import { servingOf } from '../host/serving.js';
import { checkFolders } from '../input/check-folders.js';
import { checkGate, checkReferences } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import type { GATE } from '../input/flags.js';
import { readGateSpec } from '../input/gate-input.js';
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
  const { places, input, ...gate } = readGateSpec(file, flags);
  const serving = servingOf(flags);
  places.named(() => {
    checkGate(gate);
    checkFolders(gate.spec);
    checkReferences(gate.evaluation);
  });
  const outcome = await runGate(gate, { input, serving, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const { result, host } = outcome;
  for (const warning of result.warnings) say(`warning: ${warning}`);
  const repair = result.verdict === 'failed' ? repairCommand(gate.spec) : null;
  if (flags.junit !== undefined) writeResult(flags.junit, gateJunit(result));
  if (flags.markdown !== undefined) writeResult(flags.markdown, gateMarkdown(result, repair));
  if (flags.json) printJson({ ...result, repair, database: host.database });
  else print(gateText(result, repair));
  return EXIT_CODES[result.verdict];
}
