/**
 * The compute queue: verdicts, summaries and proposals, on a thread of their own.
 */
import type { SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { CheckBaselineRequest, LookRequest, LookResult } from '../contract/gate-payloads.js';
import type { FoundFolders, ReadFoldersRequest } from '../contract/image-folders.js';
import type { Finalist, JudgeRequest } from '../contract/payloads.js';
import type { Verdict } from '../contract/search-result.js';
import type { ComputeClient } from '../compute/compute-client.js';
import type { ProposeRequest, RankRequest } from '../compute/compute-messages.js';
import type { Point } from '../optimizers/optimizer.js';
import { asActivity } from './failures.js';
import { watched } from './watched.js';

/** Activities of the compute queue. */
export const createComputeActivities = (
  compute: Pick<ComputeClient, 'checkBaseline' | 'judge' | 'look' | 'readFolders' | 'summarise' | 'propose' | 'rank'>,
) => ({
  judge: (request: JudgeRequest): Promise<Verdict> =>
    asActivity(() => watched((watch) => compute.judge(request, watch))),
  look: (request: LookRequest): Promise<LookResult> =>
    asActivity(() => watched((watch) => compute.look(request, watch))),
  checkBaseline: (request: CheckBaselineRequest): Promise<number> =>
    asActivity(() => watched((watch) => compute.checkBaseline(request, watch))),
  readFolders: (request: ReadFoldersRequest): Promise<FoundFolders> =>
    asActivity(() => watched((watch) => compute.readFolders(request, watch))),
  summarise: (request: SummariseRequest): Promise<SummariseResult> =>
    asActivity(() => watched((watch) => compute.summarise(request, watch))),
  propose: (request: ProposeRequest): Promise<readonly Point[]> =>
    asActivity(() => watched((watch) => compute.propose(request, watch))),
  rank: (request: RankRequest): Promise<readonly Finalist[]> =>
    asActivity(() => watched((watch) => compute.rank(request, watch))),
});
