/**
 * What a search will take, stage by stage: images, denoiser rows, decodes, scorer calls and time; and what a plain loop
 * would have taken. Races make it a range.
 */
import { addCounts, NOTHING, type RowCounts, type RowRules } from './engine-rows.js';
import type { Fleet } from './fleet-rows.js';
import { plainRows, REFERENCE_GRID } from './plain-loop.js';
import { searchRows, type Race, type SearchShape, type SearchStage } from './search-rows.js';

/** A network as far as its rows are concerned. */
export interface CountedNetwork {
  readonly precision: string;
  readonly rules: RowRules;
  /** Seconds of one process, decoding and scoring included; null if nobody knows. */
  readonly speed: { readonly secondsPerRow: number; readonly secondsPerImage: number } | null;
}

/** What a plan is made of. */
export interface CostFacts {
  readonly shape: SearchShape;
  readonly quantised: CountedNetwork;
  /** Null without a control, and without a search for repair. */
  readonly reference: CountedNetwork | null;
  /** Whether candidates are scored on both networks, as in a search for repair. */
  readonly both: boolean;
  /** Candidates of the full-precision network on the held-out prompts, and whether it is searched too. */
  readonly control: { readonly candidates: number; readonly search: boolean };
  /** Names of the scorers of calibration and selection, and of those of the verdict. */
  readonly scorers: { readonly own: readonly string[]; readonly all: readonly string[] };
  /** Texts to encode, by split; all 0 for a model without text. */
  readonly texts: { readonly calibration: number; readonly select: number; readonly confirm: number };
  readonly fleet: Fleet;
  /** Share of the images of a race that stored searches like this one took; null if there are none. */
  readonly racedShare: number | null;
}

/** What a stage takes. */
export interface Taken extends RowCounts {
  /** Images by scorer. */
  readonly scorerCalls: Readonly<Record<string, number>>;
  /** Seconds of all workers together; null if nobody knows how fast they are. */
  readonly workerSeconds: number | null;
}

/** The ends of a range, and what is expected: null if nothing tells. Without races all three are the same. */
export interface Range<T> {
  readonly low: T;
  readonly expected: T | null;
  readonly high: T;
}

export interface PlannedStage extends Range<Taken> {
  readonly stage: 'match' | 'linear search' | SearchStage | 'control' | 'control search';
  readonly precision: string;
  readonly candidates: number;
  readonly pairs: number;
  readonly texts: number;
}

/** A comparison: rows there, and how many times as many they are. */
export interface Saving {
  readonly rows: number;
  readonly times: Range<number>;
}

/** What comes before the baseline. */
export interface FirstStage {
  readonly planned: PlannedStage;
  /** What it takes in a plain loop. */
  readonly plainRows: number;
}

export interface CostPlan {
  readonly stages: readonly PlannedStage[];
  readonly total: Range<Taken>;
  /** The same candidates, images and networks, one image at a time. */
  readonly plainLoop: Saving;
  /** Baseline and search, with what comes before them, against the reference implementation's grid of 50 x 50 on 20 prompts at 4 steps. */
  readonly referenceGrid: Saving;
}

/** What is compared with a grid, which selects and confirms nothing. */
const BEFORE_SELECTION: readonly PlannedStage['stage'][] = ['match', 'linear search', 'baseline', 'search'];

type OwnStage = Exclude<PlannedStage['stage'], FirstName>;
type FirstName = 'match' | 'linear search';
type Totals = Record<OwnStage, Taken>;

/**
 * A least-squares match: both networks on every calibration pair, at every step, without an image.
 *
 * @param pairs calibration pairs
 */
export function matchStage(pairs: number, texts: number, networks: readonly CountedNetwork[]): FirstStage {
  const taken = networks
    .map((network): Taken => {
      const { steps, batch, rowsPerLatent } = network.rules;
      const rows = pairs * rowsPerLatent;
      const counts = {
        images: 0,
        denoiserRows: steps * rows,
        paddedRows: steps * batch * Math.ceil(rows / batch),
        decodes: 0,
      };
      const { speed } = network;
      const workerSeconds = speed === null ? null : counts.paddedRows * speed.secondsPerRow;
      return { ...counts, scorerCalls: {}, workerSeconds };
    })
    .reduce(add);
  const precision = networks.map((network) => network.precision).join(', ');
  const about = { stage: 'match', precision, candidates: 1, pairs, texts } as const;
  return { planned: { ...about, low: taken, expected: taken, high: taken }, plainRows: taken.denoiserRows };
}

/** The search of the linear solution, with all of its own stages. */
export const linearStage = (
  { precision, pairs, candidates }: Pick<PlannedStage, 'precision' | 'pairs' | 'candidates'>,
  { total, stages, plainLoop }: CostPlan,
): FirstStage => ({
  planned: {
    stage: 'linear search',
    precision,
    candidates,
    pairs,
    texts: stages.reduce((sum, { stage, texts }) => (stage === 'search' ? sum : sum + texts), 0),
    ...total,
  },
  plainRows: plainLoop.rows,
});

/** @returns figures of every stage that the search has */
export function planCost(facts: CostFacts, first: readonly FirstStage[] = []): CostPlan {
  const { shape, quantised, reference, control, texts, racedShare } = facts;
  const [low, high] = [totalsOf(facts, 'all'), totalsOf(facts, 'nobody')];
  const searched = shape.generations.reduce((sum, { candidates }) => sum + candidates, 0);
  const { calibration, select, confirm } = shape.pairs;
  const scored = facts.both ? `${quantised.precision}, ${reference!.precision}` : quantised.precision;
  const about = {
    baseline: [scored, shape.baseline, calibration, texts.calibration],
    search: [scored, searched, calibration, texts.calibration],
    select: [scored, shape.finalists, select, texts.select],
    confirm: [quantised.precision, shape.confirmed, confirm, texts.confirm],
    control: [reference?.precision ?? '', control.candidates, confirm, texts.confirm],
    'control search': [
      reference?.precision ?? '',
      control.search ? searched + 1 : 0,
      calibration,
      texts.calibration + texts.select,
    ],
  } as const;
  const own = (Object.keys(about) as OwnStage[]).flatMap((stage): PlannedStage[] => {
    const [precision, candidates, pairs, encoded] = about[stage];
    if (candidates === 0) return [];
    const ends = { low: low[stage], high: high[stage] };
    return [
      { stage, precision, candidates, pairs, texts: encoded, ...ends, expected: expectedOf(stage, ends, racedShare) },
    ];
  });
  const stages = [...first.map(({ planned }) => planned), ...own];
  const total = sumOf(stages);
  const before = first.reduce((sum, { plainRows: rows }) => sum + rows, 0);
  const plain = own.reduce((sum, { stage, high: { images } }) => {
    const { steps, rowsPerLatent } = (stage.startsWith('control') ? reference! : quantised).rules;
    return sum + plainRows(images, steps, rowsPerLatent);
  }, before);
  const chosen = sumOf(stages.filter(({ stage }) => BEFORE_SELECTION.includes(stage)));
  return {
    stages,
    total,
    plainLoop: savingOf(plain, total),
    referenceGrid: savingOf(REFERENCE_GRID.rows * quantised.rules.rowsPerLatent, chosen),
  };
}

function totalsOf({ shape, quantised, reference, both, control, scorers, fleet }: CostFacts, dropped: Race): Totals {
  const own = searchRows(shape, quantised.rules, fleet, dropped);
  const taken = (counts: RowCounts, network: CountedNetwork, names: readonly string[]): Taken => ({
    ...counts,
    scorerCalls: Object.fromEntries(names.map((name) => [name, counts.images])),
    workerSeconds: secondsOf(counts, network),
  });
  const none = taken(NOTHING, quantised, []);
  const stages = {
    baseline: taken(own.baseline, quantised, scorers.own),
    search: taken(own.search, quantised, scorers.own),
    select: taken(own.select, quantised, scorers.own),
    confirm: taken(own.confirm, quantised, scorers.all),
  };
  if (reference === null) return { ...stages, control: none, 'control search': none };
  // The baseline of full precision on the held-out prompts is scored once: the control's images are its search's too.
  const full = searchRows({ ...shape, confirmed: control.candidates }, reference.rules, fleet, dropped);
  const alone = searchRows({ ...shape, confirmed: 1 }, reference.rules, fleet, dropped);
  const searches = [full.baseline, full.search, full.select].map((counts) => taken(counts, reference, scorers.own));
  const [baseline, search, select] = searches as [Taken, Taken, Taken];
  const beside = both
    ? {
        baseline: add(stages.baseline, baseline),
        search: add(stages.search, search),
        select: add(stages.select, select),
      }
    : {};
  return {
    ...stages,
    ...beside,
    control: taken(full.confirm, reference, scorers.all),
    'control search': control.search ? [...searches, taken(alone.confirm, reference, scorers.all)].reduce(add) : none,
  };
}

/** By rows: padded ones take time too. With a single step, candidates share all rows, and images are what is left. */
function secondsOf({ paddedRows, images }: RowCounts, { rules, speed }: CountedNetwork): number | null {
  if (speed === null) return null;
  return rules.steps === 1 ? images * speed.secondsPerImage : paddedRows * speed.secondsPerRow;
}

/** Sum of two. */
function add(one: Taken, two: Taken): Taken {
  const names = [...new Set([...Object.keys(one.scorerCalls), ...Object.keys(two.scorerCalls)])];
  const { workerSeconds: a } = one;
  const { workerSeconds: b } = two;
  return {
    ...addCounts(one, two),
    scorerCalls: Object.fromEntries(
      names.map((name) => [name, (one.scorerCalls[name] ?? 0) + (two.scorerCalls[name] ?? 0)]),
    ),
    workerSeconds: a === null || b === null ? null : a + b,
  };
}

/** Races leave some candidates to choose among: the selection is expected to have all finalists. */
const expectedOf = (
  stage: PlannedStage['stage'],
  ends: { low: Taken; high: Taken },
  share: number | null,
): Taken | null => (stage === 'select' && share !== null ? ends.high : between(ends, share));

/** What lies between two ends at a share of the images; null if no share is known and the ends differ. */
function between({ low, high }: { low: Taken; high: Taken }, share: number | null): Taken | null {
  if (low.paddedRows === high.paddedRows && low.images === high.images) return high;
  if (share === null) return null;
  const least = low.images / high.images;
  const part = Math.min(1, Math.max(0, (share - least) / (1 - least)));
  const at = (a: number, b: number): number => Math.round(a + part * (b - a));
  return {
    images: at(low.images, high.images),
    denoiserRows: at(low.denoiserRows, high.denoiserRows),
    paddedRows: at(low.paddedRows, high.paddedRows),
    decodes: at(low.decodes, high.decodes),
    scorerCalls: Object.fromEntries(
      Object.keys(high.scorerCalls).map((name) => [name, at(low.scorerCalls[name]!, high.scorerCalls[name]!)]),
    ),
    workerSeconds:
      low.workerSeconds === null || high.workerSeconds === null
        ? null
        : low.workerSeconds + part * (high.workerSeconds - low.workerSeconds),
  };
}

function sumOf(parts: readonly Range<Taken>[]): Range<Taken> {
  const expected = parts.map((part) => part.expected);
  return {
    low: parts.map(({ low }) => low).reduce(add),
    expected: expected.every((one) => one !== null) ? expected.reduce(add) : null,
    high: parts.map(({ high }) => high).reduce(add),
  };
}

/** The fewest rows are the largest saving: the low end of `times` belongs to the high end of the plan. */
const savingOf = (rows: number, { low, expected, high }: Range<Taken>): Saving => ({
  rows,
  times: {
    low: rows / high.paddedRows,
    expected: expected === null ? null : rows / expected.paddedRows,
    high: rows / low.paddedRows,
  },
});
