/**
 * The images of both sides of a gate, with their scores, prompt by prompt.
 */
import { contentId } from '../../contract/content-id.js';
import type { Records } from '../../contract/evaluate-payloads.js';
import type { LookRequest, WorstPlace } from '../../contract/gate-payloads.js';
import type { GateSideFound, WorstPrompt } from '../../contract/gate-result.js';
import type { GateSpec } from '../../contract/gate-spec.js';
import type { PromptSplit } from '../../contract/payloads.js';
import type { WirePrompt } from '../../contract/wire/network.js';
import type { PreparedNetworks } from '../evaluate/networks.js';
import { recordsOf, Renderings, type RenderingPlan } from '../evaluate/renderings.js';
import { comparePairs, wholeBlocks } from '../scoring/compare-pairs.js';
import { artefactsElsewhere, MAX_REPAIRS } from './repairs.js';
import type { Screen } from './screen.js';
import { sideName, sidesOf } from './sides.js';

const { max, min } = Math;

/** Runs of pairs per worker, so that workers finish together, and pairs of a run at most. */
const RUNS_EACH = 3;
const MOST_PAIRS = 400;

/** Prompts on which the reference is compared with itself. */
const REPEATED_PROMPTS = 8;

/** Places of the sides among the networks of a gate. */
const ROWS = { reference: 0, candidate: 1, spread: 2 } as const;
type Side = keyof typeof ROWS;

type Numbers = Pick<
  LookRequest,
  'prepared' | 'seedCount' | 'reference' | 'candidate' | 'spread' | 'pairs' | 'repeat' | 'about' | 'baseline'
>;

/** Some of the prompts. */
interface Window {
  readonly renderings: Renderings;
  readonly prompts: number;
  /** Records of their pairwise scores; null until they are compared. */
  pairs: Records | null;
}

/** Two networks, or two folders, window by window. */
export class GateImages {
  private readonly windows: Window[] = [];
  private rendered = 0;
  /** Records of the reference beside its own repeat; null until it is repeated. */
  private repeats: Records | null = null;

  constructor(
    private readonly spec: GateSpec,
    private readonly prepared: PreparedNetworks,
    private readonly plan: Omit<RenderingPlan, 'progress'> & Pick<Screen, 'progress'>,
    private readonly notes: readonly string[],
    /** The record of the reference, which is not rendered then: its artefact, and its prompts. */
    private readonly baseline: { readonly hash: string; readonly prompts: number } | null = null,
  ) {}

  /** Its prompts: as many as there may be. */
  get split(): PromptSplit {
    return this.prepared.split;
  }

  /** Prompts that there may be: no more than the record of the reference has. */
  get most(): number {
    return min(this.split.count, this.baseline?.prompts ?? Infinity);
  }

  /** Renders the prompts up to this number that are not rendered yet. */
  async renderTo(prompts: number): Promise<void> {
    const { progress, images } = this.plan;
    const each = this.split.seeds.length;
    const [from, before] = [this.rendered, progress.images];
    const renderings = new Renderings({
      ...this.rows(),
      prompts: this.plan.prompts.slice(from, prompts),
      ...(images === undefined ? {} : { images: images.map((row) => row.slice(from * each, prompts * each)) }),
      prepared: { ...this.rows().prepared, split: { ...this.split, count: prompts - from } },
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
      about: this.about(),
      baseline: this.baseline?.hash ?? null,
      spread: this.plan.schedules.length > ROWS.spread ? this.records('spread') : [],
      pairs: await this.pairs(),
      repeat: await this.repeated(),
    };
  }

  /** Makes again what has gone from the artefact folder. */
  async repair(missing: readonly string[]): Promise<void> {
    for (const window of this.windows) {
      await window.renderings.repair(missing);
      window.pairs = null;
    }
    this.repeats = null;
  }

  /** A side with its records. */
  found(side: 'reference' | 'candidate'): GateSideFound {
    const name = sideName(sidesOf(this.spec)[ROWS[side]]!);
    const images = this.plan.images?.[ROWS[side]];
    if (images !== undefined) return { name, key: contentId(images, 64), records: this.records(side) };
    const { networks, networkOf, files } = this.prepared;
    const network = networkOf[ROWS[side]]!;
    const { precision, wire } = networks[network]!;
    const { coefficients } = this.plan.schedules[ROWS[side]]!;
    const schedule = this.plan.baselines[ROWS[side]]!;
    const key = contentId({ files: files[network]!, precision, options: wire.options, schedule, coefficients }, 64);
    return { name, key, records: this.records(side) };
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
  private async pairs(): Promise<Records> {
    if (this.prepared.pairScores === undefined) return [];
    for (const window of this.windows) window.pairs ??= await this.compare(window);
    return this.windows.flatMap(({ pairs }) => pairs ?? []);
  }

  private compare({ renderings, prompts }: Window): Promise<Records> {
    const sides = () => [ROWS.reference, ROWS.candidate].map((row) => recordsOf(renderings.ofRow(row)));
    return this.compared(sides, prompts, (missing) => renderings.repair(missing));
  }

  /** The reference beside its own repeat, on the first prompts. */
  private async repeated(): Promise<Records> {
    const [first] = this.windows;
    if (this.prepared.pairScores === undefined || this.plan.images !== undefined || first === undefined) return [];
    this.repeats ??= await this.repeat(first);
    return this.repeats;
  }

  private async repeat({ prompts }: Window): Promise<Records> {
    const count = min(prompts, REPEATED_PROMPTS);
    // Both sides are records of these prompts alone; the first one's images are there.
    const [once, again] = [await this.firstPrompts(count), await this.firstPrompts(count, 1)];
    const sides = () => [once, again].map((renderings) => recordsOf(renderings.ofRow(0)));
    return this.compared(sides, count, async (missing) => {
      for (const renderings of [once, again]) await renderings.repair(missing);
    });
  }

  /** The reference on the first prompts. @param repeat which repeat; absent: the images themselves */
  private async firstPrompts(count: number, repeat?: number): Promise<Renderings> {
    const { schedules, baselines, prompts, progress } = this.plan;
    const before = progress.images;
    const renderings = new Renderings({
      ...this.plan,
      schedules: [schedules[ROWS.reference]!],
      baselines: [baselines[ROWS.reference]!],
      prompts: prompts.slice(0, count),
      prepared: {
        ...this.prepared,
        networkOf: [this.prepared.networkOf[ROWS.reference]!],
        split: { ...this.split, count },
      },
      ...(repeat === undefined ? {} : { repeat }),
    });
    progress.images += before;
    await renderings.renderAll();
    return renderings;
  }

  /** Records of the pairwise scores; what has gone is made again. */
  private async compared(
    sides: () => Records[],
    prompts: number,
    repair: (missing: readonly string[]) => Promise<void>,
  ): Promise<Records> {
    const { networks, networkOf, pairScores: scores = [] } = this.prepared;
    const network = networks[networkOf[ROWS.reference]!]!;
    const workers = max(1, this.plan.workers[network.scoreQueue] ?? 1);
    const pairs = prompts * this.split.seeds.length;
    const size = min(MOST_PAIRS, wholeBlocks(pairs / workers / RUNS_EACH));
    const { retryFailed } = this.spec;
    for (let repairs = 0; ; repairs += 1) {
      const [reference = [], candidate = []] = sides();
      const { records, missing } = await comparePairs(
        { network, scores, reference, candidate, pairs, retryFailed, title: 'candidate and reference' },
        { size, together: 2 * workers },
      );
      if (missing.length === 0) return records;
      if (repairs === MAX_REPAIRS) throw artefactsElsewhere();
      await repair(missing);
    }
  }

  /** What the record of the reference needs beside its scores. */
  about(): LookRequest['about'] {
    const { name, key } = this.found('reference');
    const { sha256, seeds } = this.split;
    return { name, key, sha256, seeds: [...seeds] };
  }

  /** With a record of the reference, the candidate is the only row. */
  private rows(): typeof this.plan {
    if (this.baseline === null) return this.plan;
    const { schedules, baselines } = this.plan;
    const alone = <T>(list: readonly T[]): T[] => [list[ROWS.candidate]!];
    return {
      ...this.plan,
      schedules: alone(schedules),
      baselines: alone(baselines),
      prepared: { ...this.prepared, networkOf: alone(this.prepared.networkOf) },
    };
  }

  private records(side: Side): Records {
    if (this.baseline !== null && side === 'reference') return [];
    const row = this.baseline === null ? ROWS[side] : 0;
    return this.windows.flatMap(({ renderings }) => recordsOf(renderings.ofRow(row)));
  }
}
