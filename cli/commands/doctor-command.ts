/**
 * `qsched doctor`: checks this machine's setup, and says how to fix problems.
 */
import { QschedError } from '../../contract/errors.js';
import { findingOf, type Finding } from '../doctor/finding.js';
import { MACHINE_CHECKS } from '../doctor/machine.js';
import { MODEL_CHECKS } from '../doctor/models.js';
import { SERVER_CHECKS } from '../doctor/server.js';
import { STORE_CHECKS } from '../doctor/store.js';
import { flagName, type Given } from '../input/flag.js';
import { DOCTOR } from '../input/flags.js';
import { stateStyled } from '../text/colour.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';
import { doctorMemory } from './doctor-memory.js';
import { doctorWorkflow } from './doctor-workflow.js';

const CHECKS = [...MACHINE_CHECKS, ...STORE_CHECKS, ...MODEL_CHECKS, ...SERVER_CHECKS];

/** Checks everything once, or plans the memory of a model. @returns 0 if all is well, 1 if something must be fixed */
export async function doctorCommand(flags: Given<typeof DOCTOR> & GlobalOptions): Promise<number> {
  if (flags.workflow !== undefined) return doctorWorkflow(flags.workflow, flags);
  if (flags.model !== undefined) return doctorMemory(flags.model, flags, flags.json);
  const [other] = Object.keys(DOCTOR).filter((key) => key in flags);
  if (other !== undefined) {
    throw new QschedError('usage', `${flagName(other)} needs --model.`, 'npx qsched doctor --model shapes');
  }
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await findingOf(check));
  const ok = findings.every((one) => one.ok || !one.required);
  if (flags.json) printJson({ ok, findings });
  else print(textTable(findings.map(cells), { heads: false, show: (cell) => stateStyled(cell) }));
  return ok ? 0 : 1;
}

const cells = ({ check, ok, detail, advice }: Finding): string[] => [
  ok ? 'ok' : '--',
  check,
  advice === '' ? detail : `${detail.replace(/\.$/, '')}. ${advice}`,
];
