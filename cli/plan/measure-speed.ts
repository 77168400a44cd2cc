/**
 * How fast a network is here: some batches of a candidate are generated, decoded and scored in this process.
 */
import { QschedError } from '../../contract/errors.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { scorersOf } from '../../contract/objective-plan.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import type { ScoreRequest } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { engineParts } from '../../inference/engine/engine-parts.js';
import { jobTools } from '../../inference/engine/job-tools.js';
import { scoreJob } from '../../inference/engine/score-job.js';
import { startReport } from '../../inference/engine/work-report.js';
import type { DeviceOptions } from '../../inference/pipelines/open-pipeline.js';
import { withServers } from '../../inference/served/with-servers.js';
import { planSearchScorers } from '../../planning/check.js';
import { searchPrompts } from '../../planning/splits.js';
import type { Serving } from '../host/serving.js';
import { say } from '../text/output.js';
import type { NetworkHere } from './counted-network.js';
import type { KnownSpeed } from './known-speed.js';

/** Batches that are measured, after one that is not: it loads networks. */
const BATCHES = 4;

/**
 * Candidates of a search share the first network call of a pair, so one is made before the clock starts.
 *
 * @param threads of ONNX Runtime
 * @throws QschedError (usage) if a network or a scorer cannot be loaded
 */
export async function measureSpeed(
  spec: SearchSpec,
  network: NetworkHere,
  { device, batch, allowServer = false }: Serving,
  threads: number,
): Promise<KnownSpeed> {
  return withServers(spec.model, { allow: allowServer, say }, (servers) =>
    measure(spec, network, { device, batch, servers }, threads),
  );
}

/** The same, with the model's server if it is behind one. */
async function measure(
  spec: SearchSpec,
  network: NetworkHere,
  { device, batch, servers }: Pick<Serving, 'device' | 'batch'> & Pick<DeviceOptions, 'servers'>,
  threads: number,
): Promise<KnownSpeed> {
  const { model, scheduler } = spec;
  const { folder, precision, batches } = network;
  const options = pipelineOptions(spec);
  const { scorers, objective } = planSearchScorers(spec);
  const own = scorersOf(objective);
  const parts = engineParts({
    threads,
    servers: servers ?? {},
    ...(device === undefined ? {} : { device }),
    ...(batch === undefined ? {} : { batch }),
  });
  const {
    texts: { calibration },
  } = searchPrompts(spec);
  const { seeds } = spec.prompts;
  const pairs = Array.from({ length: batches.denoiser }, (_, i): [number, number] => [
    i % calibration.length,
    seeds[0]! + Math.floor(i / calibration.length),
  ]);
  const requestOf = (candidates: readonly number[]): ScoreRequest => ({
    version: WIRE_VERSION,
    network: { model, precision, options, network: '0'.repeat(64) },
    scorers: scorers
      .filter(({ role }) => own.includes(role))
      .map(({ role, name, names }) => ({ role, name, names: [...names], fingerprint: '' })),
    schedule: toWireSchedule(schedulerOf(folder, scheduler).schedule()),
    prompts: calibration.slice(0, pairs.length).map((text) => ({ text, nouns: null })),
    pairs,
    candidates: candidates.map((k) => ({
      coefficients: {
        sample: new Array<number>(scheduler.steps).fill(1),
        noise: new Array<number>(scheduler.steps).fill(1 + k / 1000),
      },
      pairs: null,
    })),
    keepImages: false,
  });
  const timed = async (candidates: readonly number[]) => {
    const report = startReport();
    await scoreJob(requestOf(candidates), jobTools(parts, { model, precision, options }, report, noArtefacts));
    return report.made();
  };
  await timed([0]);
  const { seconds, paddedRows } = await timed(Array.from({ length: BATCHES }, (_, k) => k + 1));
  const images = BATCHES * pairs.length;
  // A single step is shared by all candidates: no row is left to measure by.
  const rows = Math.max(paddedRows, 1);
  return {
    secondsPerRow: seconds / rows,
    secondsPerImage: seconds / images,
    from: 'measured',
    steps: scheduler.steps,
    searches: 0,
    images,
  };
}

function noArtefacts(): never {
  throw new QschedError('failure', 'A measurement keeps no images.', 'Run the command again with --debug for details.');
}
