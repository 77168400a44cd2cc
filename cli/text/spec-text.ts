/**
 * A complete search as commented YAML: every default with the reason for it, and what else could be chosen.
 */
import { stringify } from 'yaml';
import { OPTIMIZER_NAMES, PRESET_NAMES } from '../../contract/names.js';
import { PRESETS } from '../../contract/presets.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { NetworkFacts } from '../../contract/wire/describe.js';
import { typesFor } from '../../diffusion/other-sampler.js';

/** What the comments are about. */
export interface SpecAbout {
  /** The model as the spec names it: by name or path. */
  readonly model: string;
  readonly facts: NetworkFacts;
  /** Installed CLIP folders. */
  readonly scorers: readonly string[];
}

/** @returns YAML that `qsched search` reads, and that gives the same spec */
export function specText(spec: SearchSpec, { model, facts, scorers }: SpecAbout): string {
  const { precision, scheduler, coefficients, objective, prompts, optimizer, select, confirm, control } = spec;
  const presets = PRESET_NAMES.filter((name) => PRESETS[name].families.includes(facts.pipeline));
  const installed = scorers.length === 0 ? 'none installed' : scorers.join(', ');
  const types = typesFor(facts.schedulerConfig).join(', ');
  const className = facts.schedulerConfig['_class_name'];
  const lines: (readonly [comments: readonly string[], value: object])[] = [
    [[`A search of ${facts.model} (${facts.pipeline}). Run it: npx qsched search THIS_FILE`], { model }],
    [[`The network whose quality is recovered. This model has: ${facts.precisions.join(', ')}.`], { precision }],
    [
      [
        `How the model is sampled. Its scheduler_config.json names ${JSON.stringify(className ?? 'none')}; types that fit: ${types}.`,
        ...(presets.length === 0 ? [] : [`Or in place of scheduler, preset: one of ${presets.join(', ')}.`]),
      ],
      { scheduler },
    ],
    [
      ['Which coefficients vary: shape linear, single-scale or per-step; tune both, sample or noise.'],
      { coefficients },
    ],
    [
      [
        'What is maximised: text agreement + k x image quality; k may be auto. All scores: npx qsched scores',
        'To keep what is not to be lost, add atLeast: { text: -0.002 }, the least gain over the baseline.',
        `CLIP folders under the model roots: ${installed}.`,
      ],
      { objective },
    ],
    [['Prompts and seeds that candidates are scored on. A set, or texts: [...].'], { prompts }],
    [[`Candidates besides the baseline. Optimizers: ${OPTIMIZER_NAMES.join(', ')}.`], { optimizer }],
    [['Other prompts, which choose the finalist among the best candidates.'], { select }],
    [
      [
        'Held-out prompts for the verdict: at least 20. The gain must hold in these scorers too.',
        ...(confirm.scorers.length === 0
          ? ['With one scorer alone, the verdict rests on the scorer that was optimised: install another one.']
          : []),
      ],
      { confirm },
    ],
    [['Full precision for comparison: none, evaluate or search.'], { control }],
  ];
  return lines.map(([comments, value]) => `${comments.map((text) => `# ${text}\n`).join('')}${yaml(value)}`).join('\n');
}

/** One key; a group is one line where it fits. */
const yaml = (value: object): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0 })
    .replace(/^\{\s*/, '')
    .replace(/\s*\}\n$/, '\n');
