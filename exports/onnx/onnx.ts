/**
 * `scheduler_step.onnx`: a schedule as a graph, for every program that runs ONNX.
 */
import { QschedError } from '../../contract/errors.js';
import { RELEASE } from '../../contract/release.js';
import { provenanceText, PROVENANCE_KEY } from '../provenance-text.js';
import type { Arithmetic, ExportTarget } from '../target.js';
import { encodeModel } from './messages.js';
import { stepGraph } from './step-graph.js';

const DOC =
  'Start: step_index -1 with standard normal latents (noise_pred: the same). Then for every step i from 0: call the ' +
  'network with model_input and timestep, and this graph with latents, its output and step_index i; the last ' +
  'next_latents are the image.';

/** How near the step is to qsched's own. */
const EXACTNESS: Readonly<Record<Arithmetic, string>> = {
  double: 'bit-equal to the step of qsched',
  float32: 'within 6 x 2^-24 of the sum of its terms',
  float16: 'within 6 x 2^-11 of the sum of its terms (and 6 x 2^-24 of its inputs, where a weight is below 2^-14)',
};

export const onnx: ExportTarget = {
  help: 'scheduler_step.onnx: one step as a graph, for ONNX Runtime on any device',
  write({ document: { provenance, scheduler }, fused }, { arithmetic = 'double', layout }) {
    if (layout === undefined) {
      throw new QschedError(
        'usage',
        "Whether the model's latents are packed is not known here: its files are elsewhere.",
        'Give --layout channels for latents of (B, C, h, w), or --layout packed for (B, patches, 4 C), as FLUX has them.',
      );
    }
    const content = encodeModel({
      name: `qsched ${scheduler.type}`,
      doc: DOC,
      producerVersion: RELEASE,
      metadata: { [PROVENANCE_KEY]: provenanceText(provenance) },
      ...stepGraph(fused, arithmetic, layout),
    });
    return {
      files: [{ name: 'scheduler_step.onnx', content }],
      notes: [`${content.length} bytes, ${arithmetic} arithmetic: ${EXACTNESS[arithmetic]}`],
    };
  },
};
