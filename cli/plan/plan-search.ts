/**
 * What a search would take, from its spec, the model's files and what the database has stored: nothing is loaded or started.
 */
import { listModels } from '../../inference/models/model-roots.js';
import { linearFirst, linearSpecOf } from '../../contract/linear-first.js';
import { scorersOf } from '../../contract/objective-plan.js';
import { scorersAsked } from '../../metrics/objectives/scorers-asked.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { comparesByModel, modelledBudget, modelsSurface } from '../../contract/spec-defaults.js';
import { hasContexts } from '../../db/searches.js';
import { findLinear } from '../../db/find-linear.js';
import { racedShare, type RacedShare } from '../../db/raced-share.js';
import { enoughPairs, firstBlock } from '../../metrics/racing/looks.js';
import { generationsOf } from '../../planning/cost/generations.js';
import {
  linearStage,
  matchStage,
  planCost,
  type CostFacts,
  type CostPlan,
  type CountedNetwork,
  type FirstStage,
} from '../../planning/cost/search-plan.js';
import type { SearchShape } from '../../planning/cost/search-rows.js';
import { planSearchScorers } from '../../planning/check.js';
import { scoringPlan } from '../host/scoring-plan.js';
import type { Serving } from '../host/serving.js';
import { withAnyStore } from '../input/stored-search.js';
import { networkHere, type NetworkHere } from './counted-network.js';
import { storedSpeed, type KnownSpeed } from './known-speed.js';
import { identified, NOTHING_REUSED, reusedBy, type Reused } from './reused.js';

/** The body of `qsched plan --json`. */
export interface SearchPlanDocument extends CostPlan {
  readonly searchId: string;
  readonly model: string;
  readonly precision: string;
  readonly steps: number;
  readonly optimizer: string;
  readonly budget: number;
  readonly racing: SearchSpec['racing'];
  readonly workers: number;
  readonly device: string;
  /** Whether rows per call are known: if not, padded rows are rows without padding. */
  readonly padding: boolean;
  /** By precision; null if nothing is known. */
  readonly speed: Readonly<Record<string, KnownSpeed | null>>;
  /** What stored races took; null without races, or if there are none. */
  readonly raced: RacedShare | null;
  /** Images that are not generated, since their scores are stored; null if that was not looked up. */
  readonly reused: Reused | null;
  /** Sentences for the reader. */
  readonly notes: readonly string[];
  /** Minutes until it is finished. */
  readonly minutes: { readonly low: number; readonly expected: number | null; readonly high: number } | null;
}

export interface PlanWanted {
  readonly searchId: string;
  readonly spec: SearchSpec;
  readonly serving: Serving;
  /** Whether what is stored of it already is left out. */
  readonly reuse: boolean;
  /** Measures the speed of a network; absent: what is stored is used. */
  readonly measure?: (spec: SearchSpec, network: NetworkHere, serving: Serving, threads: number) => Promise<KnownSpeed>;
}

/** @throws QschedError (usage) for what the files and prompt sets here show to be wrong */
export async function planSearchHere(wanted: PlanWanted): Promise<SearchPlanDocument> {
  const { searchId, spec, serving } = wanted;
  const { model, precision, scheduler, optimizer, racing, control, start } = spec;
  const here = listModels().includes(model);
  const both = spec.objective.goal === 'repair';
  const networks = here
    ? [precision, ...(control === 'none' && start === 'none' && !both ? [] : ['reference'])].map((one) =>
        networkHere(spec, one, serving),
      )
    : [];
  const { processes: workers, threads } = scoringPlan(here ? [model] : [], serving);
  const measured =
    wanted.measure === undefined ? [] : await inTurn(networks, (one) => wanted.measure!(spec, one, serving, threads));
  const known =
    wanted.reuse && networks.some((one) => withAnyStore((store) => hasContexts(store, model, one.precision)));
  const scored = control === 'none' && !both ? networks.slice(0, 1) : networks;
  const identity = known ? await identified(spec, scored, serving) : null;
  const { speeds, raced, reused, linear } = withAnyStore((store) => ({
    speeds: networks.map((one, i) => measured[i] ?? storedSpeed(store, { ...one, model, steps: scheduler.steps })),
    raced: typeof racing === 'object' ? racedShare(store, spec) : null,
    reused: !known ? NOTHING_REUSED : identity === null ? null : reusedBy(store, wanted, identity),
    linear: linearFirst(spec) && !(wanted.reuse && findLinear(store, wanted)) ? linearSpecOf(spec) : null,
  }));
  const counted = networks.map((network, i): CountedNetwork => ({
    ...network,
    speed: speeds[i] ?? null,
  }));
  const [quantised = unknownNetwork(spec, precision), full = unknownNetwork(spec, 'reference')] = counted;
  const factsOf = (of: SearchSpec, asked: Asked, stored: Reused): CostFacts => ({
    shape: shapeOf(of, asked, quantised.rules.batch, stored),
    quantised,
    reference: of.control === 'none' && !both ? null : full,
    both,
    control: {
      candidates: of.control === 'none' ? 0 : Math.max(0, controlCandidates(quantised, full) - stored.control),
      search: of.control === 'search',
    },
    scorers: scorersOfSearch(of, here),
    texts: textsOf(of, networks[0]),
    fleet: { workers, secondsPerImage: speeds[0]?.secondsPerImage ?? null },
    racedShare: raced?.share ?? null,
  });
  const asked = generationsOf(spec);
  const stored = reused ?? NOTHING_REUSED;
  const first: FirstStage[] = [];
  if (linear !== null) {
    const lines = planCost(factsOf(linear, generationsOf(linear), stored));
    first.push(
      linearStage(
        { precision: quantised.precision, pairs: pairsOf(spec.prompts), candidates: optimizer.budget + 1 },
        lines,
      ),
    );
  }
  if (start === 'match') {
    first.push(matchStage(pairsOf(spec.prompts), textsOf(spec, networks[0]).calibration, [quantised, full]));
  }
  // The linear search scores the baseline on the same prompts.
  const left = linear === null ? stored : { ...stored, baseline: 1, confirm: Math.max(1, stored.confirm) };
  const plan = planCost(factsOf(spec, asked, left), first);
  const { low, expected, high } = plan.total;
  const minutes = (seconds: number): number => seconds / workers / 60;
  return {
    searchId,
    model,
    precision: quantised.precision,
    steps: scheduler.steps,
    optimizer: optimizer.type,
    budget: optimizer.budget,
    racing,
    workers,
    device: serving.device ?? 'cpu',
    padding: here,
    ...plan,
    speed: Object.fromEntries(counted.map((network, i) => [network.precision, speeds[i] ?? null])),
    raced,
    reused,
    notes: asked.notes,
    minutes:
      low.workerSeconds === null || high.workerSeconds === null
        ? null
        : {
            low: minutes(low.workerSeconds),
            expected: expected === null ? null : minutes(expected.workerSeconds!),
            high: minutes(high.workerSeconds),
          },
  };
}

/** One after another: what is measured must have the machine for itself. */
async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

type Asked = ReturnType<typeof generationsOf>;

/** (prompt, seed) pairs. */
const pairsOf = ({ count, seeds }: { readonly count: number; readonly seeds: readonly number[] }): number =>
  count * seeds.length;

/** A network of another machine: rows per call are not known. */
const unknownNetwork = ({ scheduler: { steps } }: SearchSpec, precision: string): CountedNetwork => ({
  precision,
  rules: { steps, batch: 1, rowsPerLatent: 1, remembered: Infinity },
  speed: null,
});

/** The baseline and the finalist; none if the searched network is the full-precision one, whose scores are known then. */
const controlCandidates = (quantised: CountedNetwork, full: CountedNetwork): number =>
  full.precision === quantised.precision ? 0 : 2;

function shapeOf(spec: SearchSpec, { generations, size }: Asked, batch: number, reused: Reused): SearchShape {
  const { prompts, select, confirm, racing, optimizer, objective } = spec;
  let known = reused.search;
  let told = 0;
  const block = typeof racing === 'object' ? (racing.block ?? firstBlock(size, batch)) : null;
  const selectBaseline = objective.goal === 'repair' || objective.atLeast !== undefined;
  const completes = modelsSurface(optimizer.type) && block !== null && !selectBaseline;
  const enoughNow = (): { readonly enough?: number } =>
    completes && comparesByModel(spec) ? { enough: enoughPairs(block, told, modelledBudget(spec)) } : {};
  const finalists = Math.min(select.finalists, optimizer.budget);
  return {
    pairs: {
      calibration: pairsOf(prompts),
      select: pairsOf(select),
      confirm: pairsOf(confirm),
    },
    baseline: 1 - reused.baseline,
    generations: generations.flatMap((generation) => {
      const stored = Math.min(known, generation.candidates);
      const enough = enoughNow();
      known -= stored;
      told += generation.candidates;
      if (stored === 0) return [{ ...generation, ...enough }];
      return stored === generation.candidates ? [] : [{ candidates: generation.candidates - stored, ...enough }];
    }),
    finalists: (finalists < 2 ? 0 : finalists) - reused.select,
    selectBaseline,
    block,
    completes,
    confirmed: 2 - reused.confirm,
  };
}

function scorersOfSearch(spec: SearchSpec, here: boolean): CostFacts['scorers'] {
  const { objective, confirm } = spec;
  if (!here) return { own: scorersAsked(objective, []), all: scorersAsked(objective, confirm.scorers) };
  const { objective: plan, scorers } = planSearchScorers(spec);
  return { own: scorersOf(plan), all: scorers.map(({ role }) => role) };
}

/** Texts are encoded once by each process. */
function textsOf({ prompts, select, confirm }: SearchSpec, network: NetworkHere | undefined): CostFacts['texts'] {
  if (network !== undefined && network.folder.tokenizers.length === 0) return { calibration: 0, select: 0, confirm: 0 };
  return { calibration: prompts.count, select: select.count, confirm: confirm.count };
}
