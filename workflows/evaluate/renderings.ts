/**
 * The images of an evaluation: each network with a schedule is rendered once, however many rows call it by other
 * names, in shards that workers generate, score and keep.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { WirePrompt, WireScorer } from '../../contract/wire/network.js';
import type { RenderRequest, RenderResult } from '../../contract/wire/render.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { PreparedScorer } from '../../contract/prepared-network.js';
import { scoreActivities } from '../activities.js';
import { whileServed } from '../patience.js';
import { promptsOf } from '../scoring/block-request.js';
import { inBlocks } from '../scoring/in-blocks.js';
import type { Meter } from '../scoring/meter.js';
import { answer, blockImages, outstandingBlocks, startPace, type Pace } from '../scoring/pace.js';
import type { Hold } from './hold.js';
import type { PreparedNetworks } from './networks.js';
import type { Progress } from './progress.js';
import { Shards, type Shard } from './shards.js';

/** A network with a schedule. */
export interface Rendering {
  readonly network: number;
  readonly schedule: ResolvedSchedule;
  /** Its shards with the artefacts of their records. */
  readonly shards: { readonly shard: Shard; record: string }[];
}

/** What renderings are made of. */
export interface RenderingPlan {
  readonly spec: EvaluateSpec;
  readonly prepared: PreparedNetworks;
  readonly prompts: readonly WirePrompt[];
  readonly schedules: readonly ResolvedSchedule[];
  /** The baseline of every row, PTQD's correction inside. */
  readonly baselines: readonly WireSchedule[];
  /** Artefacts of images made elsewhere, by row and pair; absent: they are generated. */
  readonly images?: readonly (readonly string[])[];
  /** Which repeat of images that are there; absent: the images themselves. */
  readonly repeat?: number;
  /** Workers that poll each score queue. */
  readonly workers: Readonly<Record<string, number>>;
  readonly progress: Pick<Progress, 'images' | 'done' | 'generated' | 'reused' | 'failed'>;
  readonly meter: Meter;
  readonly hold: Hold;
  /** Shows how far it is, with what a reader should know. */
  readonly show: (note?: string) => void;
}

/** Records of a rendering, in the order of its images. */
export const recordsOf = ({ shards }: Rendering): string[] =>
  [...shards].sort((a, b) => a.shard.from - b.shard.from).map(({ record }) => record);

/** All renderings of an evaluation. */
export class Renderings {
  private readonly renderings: readonly Rendering[];
  private readonly renderingOf: readonly number[];
  private readonly rowOf: readonly number[];
  private readonly paces = new Map<string, Pace>();
  /** Queues whose first shard was given out: it shows whether somebody serves them. */
  private readonly asked = new Set<string>();
  /** Repairs under way, by the record that is gone. */
  private readonly repairs = new Map<string, Promise<void>>();
  private readonly damaged = new Map<string, number>();

  constructor(private readonly plan: RenderingPlan) {
    const {
      schedules,
      prepared: { networkOf, split },
      images,
      progress,
    } = plan;
    const keys = schedules.map(({ coefficients, ptqd }, i) =>
      canonicalJson({ network: networkOf[i]!, coefficients, ptqd, images: images?.[i] }),
    );
    const distinct = [...new Set(keys)];
    this.rowOf = distinct.map((key) => keys.indexOf(key));
    this.renderings = this.rowOf.map((row) => ({ network: networkOf[row]!, schedule: schedules[row]!, shards: [] }));
    this.renderingOf = keys.map((key) => distinct.indexOf(key));
    progress.images = split.count * split.seeds.length * this.renderings.length;
    plan.meter.begin('render', progress.images, 0);
  }

  /** The rendering of a row. */
  ofRow(row: number): Rendering {
    return this.renderings[this.renderingOf[row]!]!;
  }

  /** Generates, scores and keeps everything. */
  async renderAll(): Promise<void> {
    const { progress, prepared, meter, hold, show } = this.plan;
    const { networks, split } = prepared;
    const { model, scoreQueue } = networks[0]!;
    show(`If this stays, no worker serves \`${scoreQueue}\`: start one with \`npx qsched worker --model ${model}\`.`);
    const shards = new Shards(
      this.renderings.map(({ network }) => network),
      split.count * split.seeds.length,
    );
    let queue = scoreQueue;
    await inBlocks<Shard>({
      next: () => {
        const shard = shards.take(
          blockImages(this.pace(queue), shards.left, networks[0]!.batches.denoiser, Date.now()),
        );
        if (shard !== null) queue = networks[this.renderings[shard.of]!.network]!.scoreQueue;
        return shard;
      },
      limit: () => outstandingBlocks(this.pace(queue), Date.now()),
      pause: () => false,
      held: () => hold.paused,
      run: async (shard) => {
        meter.giveOut(Date.now());
        const made = await this.render(shard);
        meter.reuse(made.reused);
        meter.scored(made.generated, Date.now());
        this.renderings[shard.of]!.shards.push({ shard, record: made.record });
        progress.done += shard.to - shard.from;
        progress.failed += made.failed.reduce((sum, { count }) => sum + count, 0);
        show();
      },
    });
  }

  /** Makes again what has gone from the artefact folder since it was rendered; who asks twice waits for the same. */
  async repair(records: readonly string[]): Promise<void> {
    const gone = new Set(records);
    const lost = this.renderings.flatMap(({ shards }) => shards.filter(({ record }) => gone.has(record)));
    let at = 0;
    await inBlocks<(typeof lost)[number]>({
      next: () => lost[at++] ?? null,
      limit: () => 24,
      pause: () => false,
      run: (entry) => {
        const { record } = entry;
        const underWay =
          this.repairs.get(record) ??
          this.render(entry.shard).then((made) => {
            entry.record = made.record;
            this.repairs.delete(record);
          });
        this.repairs.set(record, underWay);
        return underWay;
      },
    });
  }

  /** What was found damaged. */
  warnings(): string[] {
    return [...this.damaged].map(
      ([what, count]) => `Damaged artefacts of ${what} were removed and made again: ${count}.`,
    );
  }

  private pace(queue: string): Pace {
    return this.paces.get(queue) ?? startPace(this.plan.workers[queue] ?? 1);
  }

  private async render(shard: Shard): Promise<RenderResult> {
    const {
      spec,
      prepared: { networks },
      progress,
      hold,
    } = this.plan;
    const { model, precision, scoreQueue } = networks[this.renderings[shard.of]!.network]!;
    const waitSeconds = this.asked.has(scoreQueue) ? null : spec.waitForWorker;
    this.asked.add(scoreQueue);
    const summary = `${model} ${precision}: images ${shard.from}-${shard.to - 1} of schedule ${shard.of + 1}`;
    const { render } = scoreActivities(scoreQueue, waitSeconds);
    const request = this.requestOf(shard);
    const priority = hold.priority === null ? {} : { priority: { priorityKey: hold.priority } };
    const made = await whileServed(model, scoreQueue, () =>
      render.executeWithOptions({ summary, ...priority }, [request]),
    );
    const { worker, seconds } = made;
    // Images that are reused cost nothing, and say nothing of the pace.
    if (made.generated > 0) {
      const about = { worker, seconds, images: made.generated, now: Date.now() };
      this.paces.set(scoreQueue, answer(this.pace(scoreQueue), about));
    }
    progress.generated += made.generated;
    progress.reused += made.reused;
    const what = `${model} ${precision}`;
    if (made.damaged > 0) this.damaged.set(what, (this.damaged.get(what) ?? 0) + made.damaged);
    return made;
  }

  private requestOf({ of, from, to }: Shard): RenderRequest {
    const { spec, prepared, prompts, baselines, images, repeat } = this.plan;
    const { network, schedule } = this.renderings[of]!;
    const { wire, scorers, features } = prepared.networks[network]!;
    const { seeds } = prepared.split;
    const pairs = Array.from({ length: to - from }, (_, i) => from + i);
    const { sample, noise } = schedule.coefficients;
    return {
      version: WIRE_VERSION,
      network: wire,
      scorers: scorers.map(wireScorer),
      features: features === null ? null : wireScorer(features),
      schedule: baselines[this.rowOf[of]!]!,
      coefficients: { sample: [...sample], noise: [...noise] },
      ...promptsOf(pairs, { prompts, seeds }),
      retryFailed: spec.retryFailed,
      ...(repeat === undefined ? {} : { repeat }),
      ...(images === undefined ? {} : { images: images[this.rowOf[of]!]!.slice(from, to) }),
    };
  }
}

const wireScorer = ({ role, name, names, fingerprint }: PreparedScorer): WireScorer => ({
  role,
  name,
  names: [...names],
  fingerprint,
});
