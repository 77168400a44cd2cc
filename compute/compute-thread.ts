/**
 * The compute thread: verdicts, summaries and proposals. It reads the database and the artefacts; all it writes are
 * distances, as artefacts.
 */
import { workerData } from 'node:worker_threads';
import { openArtefactFolder, type ArtefactStore } from '../artefacts/artefact-store.js';
import { keepFolders } from '../artefacts/image-folders.js';
import { QschedError } from '../contract/errors.js';
import { judge } from '../db/judge.js';
import { openStore, type Store } from '../db/open-store.js';
import { proposeBatch } from '../optimizers/create.js';
import { serveThread } from '../threads/thread-server.js';
import type { ComputeJobs, ComputeThreadData } from './compute-messages.js';
import { rankFinalists } from './rank-finalists.js';
import { checkBaseline } from './gate-record.js';
import { judgedBy } from './gate-samples.js';
import { takeLook } from './take-look.js';
import { summariseRow } from './summarise-row.js';

const { databasePath, artefacts: folder } = workerData as ComputeThreadData;
let store: Store | undefined;
let artefacts: ArtefactStore | undefined;

const kept = (): ArtefactStore => (artefacts ??= openArtefactFolder(folder));

/** The result depends on kept content only, so that a retry would fail as well. */
async function asFinal<T>(checkpoint: () => Promise<void>, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await checkpoint(); // a cancelled job did not fail
    if (!(error instanceof QschedError)) throw error;
    throw new QschedError(error.code, error.message, error.hint, true);
  }
}

serveThread<ComputeJobs>({
  judge: (request) => judge((store ??= openStore(databasePath, { readonly: true })), request),
  summarise: (request, { checkpoint }) => asFinal(checkpoint, () => summariseRow(request, kept(), checkpoint)),
  checkBaseline: (request) => checkBaseline(request, (name) => judgedBy(name, request.prepared.judged), kept()),
  readFolders: (request, { checkpoint }) => keepFolders(request, kept(), checkpoint),
  look: (request, { checkpoint }) => asFinal(checkpoint, () => takeLook(request, kept())),
  rank: (request) => rankFinalists((store ??= openStore(databasePath, { readonly: true })), request),
  propose: ({ optimizer, options, state }) => proposeBatch(optimizer, options, state),
});
