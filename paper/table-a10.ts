/**
 * Table A10 with figure A2: objectives. Text or quality alone against both together, other pairs of CLIP-IQA, BRISQUE,
 * and the preference scores of the table if their scorers are installed.
 */
import type { SearchSpecInput } from '../contract/search-spec.js';
import { evaluation, identityRow, mainSampler, OBJECTIVE, PLAN, search, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = 4;

interface Objective {
  readonly key: string;
  readonly label: string;
  readonly objective: NonNullable<SearchSpecInput['objective']>;
  /** Scorers that are not bundled with the model. */
  readonly needs: readonly string[];
}

const OBJECTIVES: readonly Objective[] = [
  { key: 'tc', label: 'CLIPScore alone', objective: { weights: { 'clip-score-hessel': 1 } }, needs: [] },
  { key: 'iq', label: 'CLIP-IQA quality alone', objective: { type: 'iq' }, needs: [] },
  {
    key: 'noisiness',
    label: 'CLIP-IQA noisiness alone',
    objective: { weights: { 'clip-iqa.noisiness': 1 } },
    needs: [],
  },
  {
    key: 'complexity',
    label: 'CLIP-IQA complexity alone',
    objective: { weights: { 'clip-iqa.complexity': 1 } },
    needs: [],
  },
  { key: 'jaq', label: 'JAQ', objective: OBJECTIVE, needs: [] },
  { key: 'brisque', label: 'BRISQUE alone', objective: { weights: { brisque: -1 } }, needs: ['brisque'] },
  { key: 'aq-map', label: 'AQ-MAP alone', objective: { weights: { 'aq-map': 1 } }, needs: ['aq-map'] },
  { key: 'hpsv2', label: 'HPSv2 alone', objective: { weights: { hpsv2: 1 } }, needs: ['hpsv2'] },
  {
    key: 'jaq-preference',
    label: 'JAQ of preferences',
    objective: { type: 'jaq-preference', k: 2 },
    needs: ['aq-map', 'hpsv2'],
  },
];

/** The files of these scorer folders, none of which is bundled. */
const FILES: Readonly<Record<string, string>> = {
  brisque: 'svr.json',
  'aq-map': 'vision_model.onnx and text_model.onnx',
  hpsv2: 'vision_model.onnx and text_model.onnx',
};

/** Scorers that this study uses if they are installed. */
export const OPTIONAL_SCORERS = [...new Set(OBJECTIVES.flatMap(({ needs }) => needs))];

export const tableA10: Study = (options) => {
  const { precision, installed } = options;
  const scheduler = { type: mainSampler(options), steps: STEPS };
  const missing = ({ needs }: Objective): string[] => needs.filter((scorer) => !installed.includes(scorer));
  const chosen = OBJECTIVES.filter((one) => missing(one).length === 0);
  const used = [...new Set(chosen.flatMap(({ needs }) => needs))];
  const base = evaluation(options);
  return {
    ...PLAN,
    name: 'table-a10',
    title: 'Q-Sched (arXiv 2509.01624), Table A10 and figure A2: objectives',
    searches: chosen.map(({ key, label, objective }) =>
      search(options, { key, label: `search with ${label}`, scheduler, objective }),
    ),
    columns: ['searchedFor'],
    rows: [
      identityRow('Original', precision, scheduler, { searchedFor: 'none' }),
      ...chosen.map(({ key, label }) => tunedRow(`Q-Sched, ${label}`, precision, scheduler, key, { searchedFor: key })),
    ],
    evaluate: { ...base, scorers: ['second', ...used] },
    notes: OBJECTIVES.filter((one) => missing(one).length > 0).map(
      (one) =>
        `"${one.label}" is left out: ${missing(one)
          .map((scorer) => `the scorer folder "${scorer}" (scorer.json, ${FILES[scorer]!})`)
          .join(' and ')} is not under the model roots; docs/reproduce.md explains how to export it.`,
    ),
  };
};
