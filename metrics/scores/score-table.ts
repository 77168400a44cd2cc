/**
 * The scores that qsched knows by name: for each, the scorer and raw term that it is computed from, how, and what it
 * means. Scores with an algorithm are in files beside this one.
 */
import type { TermForm } from '../../contract/objective-plan.js';
import { CLIP_IQA_PROMPTS, type ClipIqaName } from './clip-iqa.js';

/** What a score judges: agreement with the prompt, or quality of the image alone. */
export type Judges = 'text' | 'quality';

/** Which direction is better; `either` if that is a matter of taste, and a weight of any sign makes sense. */
export type Direction = 'higher' | 'lower' | 'either';

/** A score of one image. */
export interface ScoreEntry {
  /** The scorer folder or role that gives it; null: the objective's CLIP. */
  readonly scorer: string | null;
  readonly term: string;
  readonly form: TermForm;
  readonly judges: Judges;
  readonly direction: Direction;
  readonly range: readonly [number, number];
  readonly encoder: string;
  readonly preprocessing: string;
  readonly formula: string;
  readonly reference: string;
}

const CLIP = {
  scorer: null,
  term: 'cosine',
  judges: 'text',
  direction: 'higher',
  encoder: 'CLIP; openai/clip-vit-large-patch14 for published figures',
  preprocessing: "shortest side to the encoder's size, Pillow's bicubic, centre crop, CLIP norm",
} as const;

/** Pairs whose first caption is the better one; in the others neither is. */
const GOOD_FIRST: ReadonlySet<string> = new Set<ClipIqaName>([
  'quality',
  'noisiness',
  'sharpness',
  'natural',
  'real',
  'beautiful',
]);

const clipIqa = (name: string, [good, bad]: readonly [string, string]): ScoreEntry => ({
  scorer: null,
  term: `clip-iqa.${name}`,
  form: 'raw',
  judges: 'quality',
  direction: GOOD_FIRST.has(name) ? 'higher' : 'either',
  range: [0, 1],
  encoder: "the objective's CLIP; the published form is RN50 without position embedding (kind clip-iqa)",
  preprocessing: "the objective's; the published form resizes nothing",
  formula: `softmax(100 [cos("${good}"), cos("${bad}")])[0]`,
  reference: 'Wang et al. 2022, arXiv 2207.12396; torchmetrics 1.9',
});

/** Every named score of one image. */
export const SCORE_TABLE: Readonly<Record<string, ScoreEntry>> = {
  'clip-score': {
    ...CLIP,
    form: 'percent',
    range: [-100, 100],
    formula: '100 cos',
    reference: 'torchmetrics 1.9 CLIPScore, before the clamp of the mean',
  },
  'clip-score-hessel': {
    ...CLIP,
    form: 'hessel',
    range: [0, 2.5],
    formula: '2.5 max(cos, 0)',
    reference: 'Hessel et al. 2021, arXiv 2104.08718, Eq. 1',
  },
  ...Object.fromEntries(
    Object.entries(CLIP_IQA_PROMPTS).map(([name, pair]) => [`clip-iqa.${name}`, clipIqa(name, pair)]),
  ),
  hpsv2: {
    scorer: 'hpsv2',
    term: 'hpsv2',
    form: 'raw',
    judges: 'quality',
    direction: 'higher',
    range: [-1, 1],
    encoder:
      'open_clip ViT-H-14 with the weights of xswu/HPSv2; scorer.json labels the version, v2.0 and v2.1 are not comparable',
    preprocessing: 'float bicubic with antialias after scaling to 0-1, centre crop, CLIP norm',
    formula: 'cos',
    reference: "Wu et al. 2023, arXiv 2306.09341; Q-Sched's IQ (Eq. 3)",
  },
  pickscore: {
    scorer: 'pickscore',
    term: 'pickscore',
    form: 'raw',
    judges: 'text',
    direction: 'higher',
    range: [-100, 100],
    encoder: 'yuvalkirstain/PickScore_v1 (CLIP-H)',
    preprocessing: "that of laion/CLIP-ViT-H-14-laion2B-s32B-b79K: Pillow's bicubic, centre crop, CLIP norm",
    formula: 'exp(logit_scale) cos',
    reference: 'Kirstain et al. 2023, arXiv 2305.01569',
  },
  'aq-map': {
    scorer: 'aq-map',
    term: 'aq-map',
    form: 'raw',
    judges: 'text',
    direction: 'higher',
    range: [0, 1],
    encoder: 'openai/clip-vit-base-patch16',
    preprocessing: 'squashed to 224 x 224, bicubic, no crop, CLIP norm',
    formula: 'mean over nouns of sigmoid(10 f.(t - t_empty)); 0.5 without a noun',
    reference: "Q-Sched's TC (Eq. 3), corrected: the plain image embedding, features normalised over the feature axis",
  },
  maniqa: {
    scorer: 'maniqa',
    term: 'maniqa',
    form: 'raw',
    judges: 'quality',
    direction: 'higher',
    range: [0, 1],
    encoder: 'MANIQA, KonIQ-10k checkpoint',
    preprocessing: '20 uniform crops of 224 x 224, norm .5/.5',
    formula: 'mean over crops of sum(f w) / sum(w)',
    reference: 'Yang et al. 2022, arXiv 2204.08958',
  },
  brisque: {
    scorer: 'brisque',
    term: 'brisque',
    form: 'raw',
    judges: 'quality',
    direction: 'lower',
    range: [-100, 200],
    encoder: 'none; a support vector regression of 36 features',
    preprocessing: '0-255 luma, two scales',
    formula: 'sum(coef K) + 153.591',
    reference: 'Mittal et al. 2012; piq 0.8',
  },
};

/** A distance between sets of images. */
export interface SetScoreEntry {
  /** Kinds of scorer whose features it is published for. */
  readonly features: string;
  readonly direction: 'lower';
  readonly formula: string;
  readonly reference: string;
}

/** Every named distance. On other features than the published ones it is labelled with their name. */
export const SET_SCORE_TABLE: Readonly<Record<string, SetScoreEntry>> = {
  fid: {
    features: 'inception',
    direction: 'lower',
    formula: '|dmu|^2 + Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2), to real images',
    reference: "Heusel et al. 2017, arXiv 1706.08500; clean-fid's resize",
  },
  'fid-sd': {
    features: 'inception',
    direction: 'lower',
    formula: "the same, to the full-precision network's images of the same prompts and seeds",
    reference: 'Q-Sched, Table A1',
  },
  kid: {
    features: 'inception',
    direction: 'lower',
    formula: 'unbiased MMD^2 under (x.y / d + 1)^3',
    reference: 'Binkowski et al. 2018, arXiv 1801.01401',
  },
  cmmd: {
    features: 'cmmd',
    direction: 'lower',
    formula: '1000 MMD^2 under a Gaussian kernel of width 10',
    reference: 'Jayasumana et al. 2024, arXiv 2401.09603',
  },
};
