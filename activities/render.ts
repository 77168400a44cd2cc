/**
 * `render` and `summarise` (score queue): a shard of an evaluation, and one row of its table, on the
 * engine's thread. Images stay in the artefact folder: hashes and counts come back.
 */
import type { EngineClient } from '../inference/engine/engine-client.js';
import type { NumericClass } from '../inference/models/numeric-class.js';
import { refuseOtherNetwork, rowSchedule } from '../inference/prepare/prepare-evaluate.js';
import type { Prompt } from '../inference/prompts/prompt.js';
import { splitPrompts } from '../inference/prompts/prompt-sets.js';
import { QschedError } from '../contract/errors.js';
import type { RenderRequest, RenderResult, SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { Watch } from './watched.js';

/** What draws and sums up: the engine's thread, or a fake. */
export interface RenderFunctions {
  render(request: RenderRequest, watch: Watch): Promise<RenderResult>;
  summarise(request: SummariseRequest, watch: Watch): Promise<SummariseResult>;
}

const refuse = async (): Promise<never> => {
  throw new QschedError(
    'failure',
    'This worker has no engine to draw images with.',
    'Start one: npx qsched worker',
    true,
  );
};

/** Where there is no engine. */
export const refuseToRender: RenderFunctions = { render: refuse, summarise: refuse };

/** On the engine's thread. */
export const renderOnEngine = (engine: EngineClient, numeric: NumericClass): RenderFunctions => ({
  async render({ prepared, schedule, split, from, to, retryFailed }, watch) {
    const model = await refuseOtherNetwork(prepared, numeric);
    const { features } = prepared;
    const pairs = promptsOf(split)
      .flatMap(({ text, nouns }) => split.seeds.map((seed) => ({ text, nouns, seed })))
      .slice(from, to);
    const roles = [...prepared.scorers, ...(features === null ? [] : [features])].map(({ role }) => role);
    const result = await engine.render(
      {
        identity: { model: prepared.model, precision: prepared.precision, scorers: [...new Set(roles)].sort() },
        network: prepared.network,
        schedule: rowSchedule(model, prepared.scheduler, schedule),
        pairs,
        scorers: prepared.scorers,
        features,
        retryFailed,
      },
      watch,
    );
    // Files, or the version of a scorer behind HTTP, may have changed meanwhile.
    await refuseOtherNetwork(prepared, numeric);
    return result;
  },
  summarise: (request, watch) => engine.summarise(request, watch),
});

/** Texts of the spec come without a hash of these few: there is no file that could differ. */
const promptsOf = (split: RenderRequest['split']): Prompt[] =>
  split.texts?.map((text) => ({ text, nouns: null })) ?? splitPrompts(split);
