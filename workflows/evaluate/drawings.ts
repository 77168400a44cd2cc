/**
 * The images of an evaluation: each network with a schedule is drawn once, however many rows call it by other
 * names, in shards that workers draw, score and keep.
 */
import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import { canonicalJson } from '../../contract/canonical-json.js';
import type { RenderResult, ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { PromptSplit } from '../../contract/payloads.js';
import { scoreActivities } from '../activities.js';
import { atMost } from '../at-most.js';
import { whileServed } from '../patience.js';
import type { PreparedNetworks } from './prepare-networks.js';
import type { Progress } from './progress.js';
import { shardsOf, shardSplit, type Shard } from './shards.js';

/** Activities that are under way at once at most. */
export const MAX_OUTSTANDING = 24;

/** A network with a schedule. */
export interface Drawing {
  readonly network: number;
  readonly schedule: ResolvedSchedule;
  /** Records of its shards, in order of their images. */
  readonly records: string[];
}

/** What drawings are made of. */
export interface DrawingPlan {
  readonly spec: EvaluateSpec;
  readonly prepared: PreparedNetworks;
  readonly schedules: readonly ResolvedSchedule[];
  readonly progress: Progress;
}

/** All drawings of an evaluation. */
export class Drawings {
  readonly split: PromptSplit;
  private readonly drawings: readonly Drawing[];
  private readonly drawingOf: readonly number[];
  private readonly shards: readonly Shard[];
  /** Queues whose first shard was put in: it says whether somebody serves them. */
  private readonly asked = new Set<string>();
  /** Repairs under way, by the record that is gone. */
  private readonly repairs = new Map<string, Promise<void>>();
  private readonly damaged = new Map<string, number>();

  constructor(private readonly plan: DrawingPlan) {
    const {
      schedules,
      prepared: { networks, networkOf },
      progress,
    } = plan;
    const keys = schedules.map(({ coefficients, ptqd }, i) =>
      canonicalJson({ network: networkOf[i]!, coefficients, ptqd }),
    );
    const distinct = [...new Set(keys)];
    this.drawings = distinct.map((key) => {
      const row = keys.indexOf(key);
      return { network: networkOf[row]!, schedule: schedules[row]!, records: [] };
    });
    this.drawingOf = keys.map((key) => distinct.indexOf(key));
    this.split = networks[0]!.prompts;
    const images = this.split.count * this.split.seeds.length;
    this.shards = shardsOf(
      this.drawings.map(({ network }) => network),
      images,
    );
    progress.images = images * this.drawings.length;
  }

  /** The drawing of a row. */
  ofRow(row: number): Drawing {
    return this.drawings[this.drawingOf[row]!]!;
  }

  /** Draws, scores and keeps everything. */
  async drawAll(): Promise<void> {
    const {
      progress,
      prepared: { networks },
    } = this.plan;
    const { model, scoreQueue } = networks[0]!;
    setCurrentDetails(
      `Drawing ${progress.images} images. If this stays, no worker serves \`${scoreQueue}\`: ` +
        `start one with \`npx qsched worker --model ${model}\`.`,
    );
    await together(this.shards, async (shard) => {
      const made = await this.draw(shard);
      progress.done += shard.to - shard.from;
      progress.failed += made.failed.reduce((sum, { count }) => sum + count, 0);
      const { done, images, drawn, reused, failed } = progress;
      setCurrentDetails(`${done} of ${images} images: ${drawn} drawn, ${reused} found, ${failed} failed.`);
    });
  }

  /** Makes again what has gone from the artefact folder since it was drawn; who asks twice waits for the same. */
  async repair(records: readonly string[]): Promise<void> {
    const gone = new Set(records);
    const shards = this.shards.filter((shard) => gone.has(this.recordOf(shard)!));
    await together(shards, (shard) => {
      const record = this.recordOf(shard)!;
      const underWay =
        this.repairs.get(record) ??
        this.draw(shard).then(() => {
          this.repairs.delete(record);
        });
      this.repairs.set(record, underWay);
      return underWay;
    });
  }

  /** What was found damaged. */
  warnings(): string[] {
    return [...this.damaged].map(
      ([what, count]) => `Damaged artefacts of ${what} were removed and made again: ${count}.`,
    );
  }

  private recordOf(shard: Shard): string | undefined {
    return this.drawings[shard.of]!.records[this.indexOf(shard)];
  }

  private indexOf({ from }: Shard): number {
    return from === 0 ? 0 : from / (this.shards[0]!.to - this.shards[0]!.from);
  }

  private async draw(shard: Shard): Promise<RenderResult> {
    const {
      spec,
      prepared: { networks },
      progress,
    } = this.plan;
    const drawing = this.drawings[shard.of]!;
    const { model, precision, scheduler, network, scorers, features, scoreQueue } = networks[drawing.network]!;
    const waitSeconds = this.asked.has(scoreQueue) ? null : spec.waitForWorker;
    this.asked.add(scoreQueue);
    const request = {
      prepared: { model, precision, scheduler, network, scorers, features },
      schedule: drawing.schedule,
      ...shardSplit(this.split, shard),
      retryFailed: spec.retryFailed,
    };
    const summary = `${model} ${precision}: images ${shard.from}-${shard.to - 1} of schedule ${shard.of + 1}`;
    const { render } = scoreActivities(scoreQueue, waitSeconds);
    const made = await whileServed(model, scoreQueue, () => render.executeWithOptions({ summary }, [request]));
    drawing.records[this.indexOf(shard)] = made.record;
    progress.drawn += made.drawn;
    progress.reused += made.reused;
    const what = `${model} ${precision}`;
    if (made.damaged > 0) this.damaged.set(what, (this.damaged.get(what) ?? 0) + made.damaged);
    return made;
  }
}

/** Runs `body` for every item; the first failure cancels the others. */
export async function together<T>(items: readonly T[], body: (item: T, index: number) => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  try {
    await scope.run(() => atMost(MAX_OUTSTANDING, items, body));
  } catch (error) {
    scope.cancel();
    throw error;
  }
}
