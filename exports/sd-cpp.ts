/**
 * Arguments of stable-diffusion.cpp (97d2990, August 2026): `--sigmas` with the sampling method euler.
 *
 * Its Euler is x += (x - denoised) / sigma (sigma' - sigma) over the list, with the timestep computed from sigma. The list
 * has its own end: with sigma' = (1 - c) sigma the last step is scaled by c^eps = c. For flow matching the result is
 * divided by 1 - sigma', so that the end must be 0, and the start is sigma z, so that it must be 1.
 */
import { QschedError } from '../contract/errors.js';
import { sameFactor } from './coefficient-shape.js';
import { provenanceText, PROVENANCE_KEY } from './provenance-text.js';
import { EVERYWHERE, eulerFactors, listed, sigmaLadder } from './sigma-ladder.js';
import type { ExportedSchedule, ExportTarget } from './target.js';

const TARGET = 'stable-diffusion.cpp';

export const sdCpp: ExportTarget = {
  help: 'sd-cpp.txt: --sigmas for stable-diffusion.cpp',
  write(schedule) {
    const sigmas = sigmasOf(schedule).map((sigma) => Number(sigma.toPrecision(9)));
    const line = `--sampling-method euler --steps ${sigmas.length - 1} --sigmas ${sigmas.join(',')}`;
    const comment = `# ${PROVENANCE_KEY}: ${provenanceText(schedule.document.provenance)}`;
    return { files: [{ name: 'sd-cpp.txt', content: `${comment}\n${line}\n` }], notes: [`sd ... ${line}`] };
  },
};

/** The list. @throws QschedError (usage) with the reason if there is none */
function sigmasOf(schedule: ExportedSchedule): number[] {
  const factors = eulerFactors(schedule, TARGET);
  const ladder = sigmaLadder(schedule);
  const { initNoiseSigma, scheduler } = schedule.fused;
  const refuse = (why: string): QschedError =>
    new QschedError('usage', `${TARGET} cannot express this schedule: ${why}.`, EVERYWHERE);
  const scaled = factors.findIndex((factor) => !sameFactor(factor, 1));
  if (scaled !== -1 && scaled < factors.length - 1) {
    throw refuse(
      `c^eps is ${listed(factors)}, and a sigma is at once the network's timestep: only the last step can be scaled by a list of sigmas`,
    );
  }
  const isFlow = scheduler === 'flow-match-euler';
  const start = isFlow ? 1 : ladder[0]!;
  if (Math.abs((isFlow ? ladder[0]! : initNoiseSigma) / start - 1) > 1e-6) {
    throw refuse(
      isFlow
        ? `its first sigma is ${ladder[0]}, and ${TARGET} would scale the noise by it`
        : `it starts from noise of ${initNoiseSigma}, and ${TARGET} from its first sigma, ${ladder[0]}`,
    );
  }
  const last = factors.at(-1)!;
  if (sameFactor(last, 1)) return ladder;
  if (isFlow || last > 1) {
    throw refuse(
      isFlow
        ? `c^eps of the last step is ${last}, and for flow matching the list must end at 0`
        : `c^eps of the last step is ${last}, above 1: the list would end below 0`,
    );
  }
  return [...ladder.slice(0, -1), ladder.at(-2)! * (1 - last)];
}
