/**
 * A search on simulated workers: N scoring workers in this process, each with an identity and one slot.
 */
import type { SearchSpecInput } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import { startScoringWorkers } from '../worker/workers.js';
import { measureSearch, type MeasuredSearch, type Stoppable } from './measured-search.js';
import { describeSimulated, scoreSimulated, SIMULATED_MODEL, SIMULATED_QUEUE } from './simulated-workers.js';

/** How a run is set up. */
export interface WorkersRun {
  readonly workers: number;
  /** A batch is 20 whole images; 0 for a score that costs nothing. */
  readonly secondsPerBatch: number;
  readonly spec: Omit<SearchSpecInput, 'model'>;
}

const notSimulated = (): Promise<never> => Promise.reject(new Error('only scores are simulated'));

/** Runs one search in a fresh data folder. */
export const runWorkers = ({ workers, secondsPerBatch, spec }: WorkersRun): Promise<MeasuredSearch> =>
  measureSearch(parseSearchSpec({ model: SIMULATED_MODEL, ...spec }), async (at) => {
    const running: Stoppable[] = [];
    for (let i = 0; i < workers; i += 1) {
      const identity = `simulated-${i + 1}`;
      running.push(
        await startScoringWorkers(at, {
          // One of them answers what the model is.
          models: i === 0 ? [SIMULATED_MODEL] : [],
          scoreQueues: [SIMULATED_QUEUE],
          model: { describe: (request) => Promise.resolve(describeSimulated(request)), inspectPrompts: () => [] },
          score: {
            score: (request) => scoreSimulated(request, identity, secondsPerBatch),
            render: notSimulated,
            compare: notSimulated,
            fit: notSimulated,
            match: notSimulated,
          },
          identity,
        }),
      );
    }
    return {
      async stop() {
        await Promise.all(running.map((one) => one.stop()));
      },
    };
  });
