/**
 * The images of both sides of a gate, with their scores, prompt by prompt.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { contentId } from '../../contract/content-id.js';
import type { ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import { splitScores, type SettledGate } from '../../contract/gate-evaluation.js';
import type { LookRequest, WorstPlace } from '../../contract/gate-payloads.js';
import type { GateSideFound, WorstPrompt } from '../../contract/gate-result.js';
import type { GateSpec } from '../../contract/gate-spec.js';
import type { PromptSplit } from '../../contract/payloads.js';
import { sameSides } from '../../contract/validate-gate.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import type { WirePrompt } from '../../contract/wire/network.js';
import { storeActivities } from '../activities.js';
import { prepareNetworks, type PreparedNetworks } from '../evaluate/networks.js';
import { recordsOf, Renderings, type RenderingPlan } from '../evaluate/renderings.js';
import { fetchPrompts } from '../prompts.js';
import { comparePairs } from './compare-pairs.js';
import { artefactsElsewhere, MAX_REPAIRS } from './repairs.js';
import type { Screen } from './screen.js';
import { sideName, sidesOf } from './sides.js';

/** Places of the sides among the rows. */
const ROWS = { reference: 0, candidate: 1 } as const;
type Side = keyof typeof ROWS;

type Numbers = Pick<LookRequest, 'prepared' | 'seedCount' | 'reference' | 'candidate' | 'pairs'>;

/** Some of the prompts. */
interface Window {
  readonly renderings: Renderings;
  readonly prompts: number;
  /** Records of their pairwise scores; null until they are compared. */
  pairs: string[] | null;
}

/** Two networks, rendered window by window. */
export class GateImages {
  private readonly windows: Window[] = [];
  private rendered = 0;

  private constructor(
    private readonly spec: GateSpec,
    private readonly prepared: PreparedNetworks,
    private readonly plan: Omit<RenderingPlan, 'progress'> & Pick<Screen, 'progress'>,
    private readonly notes: readonly string[],
  ) {}

  /** @throws QschedError (usage): both sides are the same */
  static async prepare(
    { spec, evaluation }: SettledGate,
    described: readonly NetworkDescription[],
    { progress, meter, show }: Screen,
  ): Promise<GateImages> {
    const store = storeActivities(1000);
    const schedules = await store.resolveSchedules({ spec: evaluation });
    const prepared = await prepareNetworks(evaluation, described, {
      gate: true,
      pairs: splitScores(spec.scores).pairwise,
    });
    const { networks, networkOf, split } = prepared;
    const rows = schedules.map(({ coefficients, ptqd }, i) => ({
      coefficients,
      ...(ptqd === undefined ? {} : { ptqd }),
      schedule: networks[networkOf[i]!]!.schedule,
    }));
    const baselines = await store.baselines({ rows });
    const [one, other] = rows.map(({ coefficients }, i) => {
      const { wire } = networks[networkOf[i]!]!;
      return canonicalJson([wire.network, baselines[i]!, coefficients]);
    });
    if (one === other && !spec.allowIdentical) throw sameSides();
    const prompts = await fetchPrompts(split);
    const queues = [...new Set(networks.map(({ scoreQueue }) => scoreQueue))];
    const workers = await store.countWorkers({ queues });
    const plan = { spec: evaluation, prepared, prompts, schedules, baselines, workers, progress, meter, show };
    return new GateImages(spec, prepared, plan, [...prepared.notes, ...seenNotes(schedules, split.count)]);
  }

  /** Its prompts: as many as there may be. */
  get split(): PromptSplit {
    return this.prepared.split;
  }

  /** Renders the prompts up to this number that are not rendered yet. */
  async renderTo(prompts: number): Promise<void> {
    const { progress } = this.plan;
    const [from, before] = [this.rendered, progress.images];
    const renderings = new Renderings({
      ...this.plan,
      prompts: this.plan.prompts.slice(from, prompts),
      prepared: { ...this.prepared, split: { ...this.split, count: prompts - from } },
    });
    progress.images += before;
    this.windows.push({ renderings, prompts: prompts - from, pairs: null });
    await renderings.renderAll();
    this.rendered = prompts;
  }

  /** What a look reads. */
  async numbers(): Promise<Numbers> {
    return {
      prepared: this.prepared.networks[this.prepared.networkOf[ROWS.reference]!]!,
      seedCount: this.split.seeds.length,
      reference: this.records('reference'),
      candidate: this.records('candidate'),
      pairs: await this.pairs(),
    };
  }

  /** Makes again what has gone from the artefact folder. */
  async repair(missing: readonly string[]): Promise<void> {
    for (const window of this.windows) {
      await window.renderings.repair(missing);
      window.pairs = null;
    }
  }

  /** A side with its records. */
  found(side: Side): GateSideFound {
    const { networks, networkOf, files } = this.prepared;
    const network = networkOf[ROWS[side]]!;
    const { precision, wire } = networks[network]!;
    const { coefficients } = this.plan.schedules[ROWS[side]]!;
    const schedule = this.plan.baselines[ROWS[side]]!;
    const key = contentId({ files: files[network]!, precision, options: wire.options, schedule, coefficients }, 64);
    return { name: sideName(sidesOf(this.spec)[ROWS[side]]!), key, records: this.records(side) };
  }

  /** Prompts by their texts. */
  named(worst: readonly WorstPlace[]): WorstPrompt[] {
    const { seeds } = this.split;
    return worst.map(({ seedAt, ...one }) => ({
      ...one,
      text: (this.plan.prompts[one.prompt] as WirePrompt).text,
      seed: seeds[seedAt]!,
    }));
  }

  /** What a reader should know. */
  warnings(): string[] {
    return [...this.notes, ...this.windows.flatMap(({ renderings }) => renderings.warnings())];
  }

  /** Records of the pairwise scores; each window is compared once. */
  private async pairs(): Promise<string[]> {
    if (this.prepared.pairScores === undefined) return [];
    for (const window of this.windows) window.pairs ??= await this.compare(window);
    return this.windows.flatMap(({ pairs }) => pairs ?? []);
  }

  private async compare({ renderings, prompts }: Window): Promise<string[]> {
    const { networks, networkOf, pairScores = [] } = this.prepared;
    const { wire, scoreQueue } = networks[networkOf[ROWS.reference]!]!;
    for (let repairs = 0; ; repairs += 1) {
      const { records, missing } = await comparePairs({
        network: wire,
        scoreQueue,
        workers: this.plan.workers[scoreQueue] ?? 1,
        scores: pairScores,
        reference: recordsOf(renderings.ofRow(ROWS.reference)),
        candidate: recordsOf(renderings.ofRow(ROWS.candidate)),
        pairs: prompts * this.split.seeds.length,
        retryFailed: this.spec.retryFailed,
      });
      if (missing.length === 0) return records;
      if (repairs === MAX_REPAIRS) throw artefactsElsewhere();
      await renderings.repair(missing);
    }
  }

  private records(side: Side): string[] {
    return this.windows.flatMap(({ renderings }) => recordsOf(renderings.ofRow(ROWS[side])));
  }
}

/** On the prompts that it was searched with, a schedule looks better than it is. */
const seenNotes = (schedules: readonly ResolvedSchedule[], count: number): string[] =>
  schedules.flatMap(({ source, seen }) =>
    seen === undefined
      ? []
      : [
          `The search or fit behind "${source}" used ${seen} of these ${count} prompts: on them it looks better than it is.`,
        ],
  );
