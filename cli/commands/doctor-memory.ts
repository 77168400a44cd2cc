/**
 * `qsched doctor --model M`: the plan of memory of a model, before anything is loaded.
 */
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { planMemory, type MemoryPlan } from '../../inference/memory-plan.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { findModel } from '../../inference/models/model-roots.js';
import { memoryOf } from '../../inference/models/numeric-class.js';
import { scoringPlan } from '../host/scoring-plan.js';
import { servingOf } from '../host/serving.js';
import type { Given } from '../input/flag.js';
import type { DOCTOR } from '../input/flags.js';
import { size } from '../input/values.js';
import { memoryText } from '../text/memory-text.js';
import { print, printJson } from '../text/output.js';

interface PlannedModel extends MemoryPlan {
  readonly model: string;
  readonly precision: string;
  /** (C, h, w) */
  readonly latentShape: readonly number[];
  /** Scoring processes that qsched starts here. */
  readonly processes: number;
  /** Whether its networks are in the memory of a model server, which is not planned. */
  readonly served: boolean;
}

/** @returns 0 if it fits at every precision that was asked for, 1 if not @throws QschedError (usage) */
export function doctorMemory(model: string, flags: Given<typeof DOCTOR>, json: boolean | undefined): number {
  const { device, batch } = servingOf(flags);
  const options = sizeOptions(flags.size);
  const { processes } = scoringPlan([model], { processes: undefined, device, batch });
  const precisions = flags.precision === undefined ? listPrecisions(findModel(model)) : [flags.precision];
  const plans = precisions.map((precision): PlannedModel => {
    const folder = openModelFolder(model, precision, undefined, options);
    const arithmetic = { ...(device === undefined ? {} : { device }), ...(batch === undefined ? {} : { batch }) };
    const plan = planMemory(folder, arithmetic, memoryOf(device));
    return {
      model,
      precision: folder.precision,
      latentShape: folder.latentShape,
      processes,
      served: folder.served !== undefined,
      ...plan,
    };
  });
  if (json) printJson({ plans });
  else print(plans.map((plan) => memoryText(titleOf(plan), plan, processes)).join('\n\n'));
  return plans.every(({ fits }) => fits >= processes) ? 0 : 1;
}

const titleOf = ({ model, precision, latentShape, served }: PlannedModel): string =>
  `${model} ${precision}, latents ${latentShape.join(' x ')}${served ? " (networks in its server's memory, not counted)" : ''}`;

function sizeOptions(text: string | undefined): PipelineOptions {
  if (text === undefined) return {};
  const [height, width = height] = [size(text)].flat();
  if (![height, width].every((side) => typeof side === 'number' && Number.isInteger(side) && side > 0)) {
    throw new QschedError('usage', `--size is "${text}".`, 'Pixels: 512, or 768x1024 as height x width.');
  }
  return { height: Number(height), width: Number(width) };
}
