/**
 * The engine's own thread: calls of ONNX Runtime block it, so that no other thread is blocked.
 */
import { workerData } from 'node:worker_threads';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { QschedError } from '../../contract/errors.js';
import type { CompareRequest } from '../../contract/wire/compare.js';
import type { RenderRequest } from '../../contract/wire/render.js';
import type { WorkReport } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { serveThread } from '../../threads/thread-server.js';
import { openModelFolder } from '../models/model-folder.js';
import { openScorerFolder, scorerFingerprint } from '../scorers/scorer-folder.js';
import { isSamePairScore } from '../scorers/pair-fingerprint.js';
import { scaleSchedule } from './apply-step.js';
import { comparePairs } from './compare-pairs.js';
import type { EngineJobs, EngineThreadData } from './engine-messages.js';
import { engineParts, type NamedNetwork } from './engine-parts.js';
import { fitJob } from './fit-job.js';
import { jobTools, type JobTools } from './job-tools.js';
import { matchJob } from './match-job.js';
import { renderShard } from './render-shard.js';
import type { CompareTools } from './pair-scores.js';
import { pairsOf } from './request-pairs.js';
import { scoreJob } from './score-job.js';
import type { KeyedScorer, RenderJob } from './shard-context.js';
import { startReport } from './work-report.js';

const { artefacts: folder, ...options } = workerData as EngineThreadData;
const parts = engineParts(options, folder === undefined ? undefined : artefacts);
let store: ArtefactStore | undefined;

function artefacts(): ArtefactStore {
  if (folder === undefined) {
    throw new QschedError('failure', 'This worker has no artefact folder.', 'Start it with npx qsched worker.');
  }
  return (store ??= openArtefactFolder(folder));
}

/** Runs one job, and adds its report. @param body receives the tools of any network */
async function reported<T extends object>(
  body: (toolsOf: (network: NamedNetwork) => JobTools) => Promise<T>,
): Promise<T & WorkReport & { version: typeof WIRE_VERSION }> {
  parts.nextJob();
  const report = startReport();
  const result = await body((network) => jobTools(parts, network, report, artefacts));
  return { version: WIRE_VERSION, ...result, ...report.made() };
}

const renderJobOf = (request: RenderRequest): RenderJob => ({
  network: request.repeat === undefined ? request.network.network : hashOf([request.network.network, request.repeat]),
  schedule: scaleSchedule(request.schedule, request.coefficients),
  pairs: pairsOf(request),
  images: request.images,
  scorers: request.scorers,
  features: request.features,
  retryFailed: request.retryFailed,
});

/** Tools of a comparison. It counts no rows: no network generates anything. */
const compareToolsOf = ({ network }: CompareRequest): CompareTools => ({
  artefacts,
  scorer: (role) => parts.scorer(network, role),
  refuseOther: async (score) => {
    if (!(await isSamePairScore(score, network))) throw changed(`The scorer of the score "${score.name}"`);
  },
});

const refuseOther =
  ({ model, precision }: NamedNetwork) =>
  async ({ role, fingerprint }: KeyedScorer): Promise<void> => {
    const scorer = openScorerFolder(role, openModelFolder(model, precision));
    if (hashOf(await scorerFingerprint(scorer)) === fingerprint) return;
    throw changed(`The scorer "${role}"`);
  };

const changed = (what: string): QschedError =>
  new QschedError(
    'failure',
    `${what} has changed on this worker since the run was prepared.`,
    'Restart the workers, then run the same command again.',
    true,
  );

serveThread<EngineJobs>({
  score: (request, control) => reported((toolsOf) => scoreJob(request, toolsOf(request.network), control)),
  render: (request, control) =>
    reported((toolsOf) => {
      const { network } = request;
      return renderShard(renderJobOf(request), { ...toolsOf(network), refuseOther: refuseOther(network) }, control);
    }),
  compare: (request, control) => reported(() => comparePairs(request, compareToolsOf(request), control)),
  fit: (request, control) =>
    reported((toolsOf) => fitJob(request, toolsOf(request.reference), toolsOf(request.quantised), control)),
  match: (request, control) =>
    reported((toolsOf) => matchJob(request, toolsOf(request.reference), toolsOf(request.quantised), control)),
});
