/**
 * The engine's own thread: ONNX Runtime blocks it, so that nobody else is blocked.
 */
import { workerData } from 'node:worker_threads';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { QschedError } from '../../contract/errors.js';
import type { RenderRequest, RenderResult } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { serveThread } from '../../threads/thread-server.js';
import type { JobControl } from '../../threads/thread-messages.js';
import { openModelFolder } from '../models/model-folder.js';
import { openScorerFolder, scorerFingerprint } from '../scorers/scorer-folder.js';
import { openEngineCache } from './engine-cache.js';
import type { EngineJobs, EngineThreadData } from './engine-messages.js';
import { fitJob } from './ptqd-fit.js';
import { renderShard } from './render-shard.js';
import { pairsOf, scheduleOf } from './request-pairs.js';
import { scoreJob } from './score-job.js';
import { startReport } from './work-report.js';

const options = workerData as EngineThreadData;
const engineFor = openEngineCache(options);
let folder: ArtefactStore | undefined;

function artefacts(): ArtefactStore {
  if (options.artefacts === undefined) {
    throw new QschedError('failure', 'This worker has no artefact folder.', 'Start it with npx qsched worker.');
  }
  return (folder ??= openArtefactFolder(options.artefacts));
}

/** The engine of a network with scorers. */
const engineOf = ({ model, precision }: { model: string; precision: string }, roles: readonly string[]) =>
  engineFor({ model, precision, scorers: [...new Set(roles)].sort() });

async function render(request: RenderRequest, control: JobControl): Promise<RenderResult> {
  const report = startReport();
  const { network, scorers, features, schedule, coefficients, retryFailed } = request;
  const job = {
    network: network.network,
    schedule: scheduleOf(schedule, coefficients),
    pairs: pairsOf(request),
    scorers,
    features,
    retryFailed,
  };
  const roles = [...scorers, ...(features === null ? [] : [features])].map(({ role }) => role);
  const made = await renderShard(
    job,
    {
      artefacts: artefacts(),
      openEngine: () => engineOf(network, roles),
      batch: options.batch,
      refuseOther: async ({ role, fingerprint }) => {
        const scorer = openScorerFolder(role, openModelFolder(network.model, network.precision));
        if (hashOf(await scorerFingerprint(scorer)) === fingerprint) return;
        throw new QschedError(
          'failure',
          `The scorer "${role}" has changed on this worker since the run was prepared.`,
          'Restart the workers, then run the same command again.',
          true,
        );
      },
    },
    control,
  );
  return { version: WIRE_VERSION, ...made, failed: [...made.failed], ...report() };
}

serveThread<EngineJobs>({
  score: (request, control) => {
    const roles = request.scorers.map(({ role }) => role);
    const openEngine = () => engineOf(request.network, roles);
    return scoreJob(
      request,
      {
        openEngine,
        batch: options.batch,
        get artefacts() {
          return artefacts();
        },
      },
      control,
    );
  },
  render,
  fit: (request, control) => fitJob(request, options, control),
});
